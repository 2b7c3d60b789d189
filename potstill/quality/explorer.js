// The explorer of rows: a table of DataTables, filters beside its search, and rows that open. All text goes in as text.

const library = new Blob([JSON.parse(document.getElementById("library").textContent)], { type: "text/javascript" });
const { default: DataTable } = await import(URL.createObjectURL(library));
const { texts, rows } = JSON.parse(document.getElementById("rows").textContent);

const COLUMNS = [
  { name: "question", title: "Question" },
  { name: "split", title: "Split", wide: true },
  { name: "type", title: "Type", wide: true },
  { name: "length", title: "Length", wide: true },
  { name: "gold", title: "Gold" },
  { name: "answer", title: "Letter" },
  { name: "outcome", title: "Outcome" },
];
// Of a question that was asked more than once: which of its readings a row is, and what they come to together.
const ORIGINAL = "in the original order";
const isRepeated = (row) => "final" in row;
for (const [name, title] of [["rotation", "Rotation"], ["replicate", "Replicate"]]) {
  if (rows.some((row) => row[name])) COLUMNS.splice(-3, 0, { name, title, wide: true });
}
if (rows.some(isRepeated)) COLUMNS.push({ name: "final", title: "Answer", wide: true });
const FILTERS = ["split", "outcome", "answer", "gold", "type", "length"];
const NOTHING = { gold: "no gold", answer: "no letter" };

function element(tag, text = "", properties = {}) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(text);
  return node;
}

function openingButton(row) {
  const button = element("button", row.question, { type: "button", className: "open", dir: "auto" });
  button.setAttribute("aria-expanded", "false");
  return button;
}

function textBlock(title, ...parts) {
  const block = element("pre", "", { dir: "auto", tabIndex: 0 });
  block.setAttribute("aria-label", title);
  block.append(...parts);
  return [element("h3", title), block];
}

function listed(letters) {
  return `${letters.slice(0, -1).join(", ")} and ${letters.at(-1)}`;
}

function describeAnswer({ final, judged, tied }) {
  if (final) return `${final} ${ORIGINAL}: ${judged}`;
  return tied.length > 1 ? `tied between ${listed(tied)} ${ORIGINAL}: ${judged}` : `${NOTHING.answer}: ${judged}`;
}

function cellText(row, name) {
  if (name === "final") return isRepeated(row) ? `${row.final || (row.tied.length > 1 ? "tied" : NOTHING.answer)}, ${row.judged}` : "";
  return row[name] === 0 ? "0" : row[name] || NOTHING[name] || "";
}

function describe(row) {
  const detail = element("div", "", { className: "detail" });
  const facts = [
    ["Gold", row.gold || NOTHING.gold],
    ["Letter read", row.rotation && row.answer ? `${row.answer}, ${row.original} ${ORIGINAL}` : row.answer || NOTHING.answer],
    ["Outcome", row.candidates ? `${row.outcome}: between ${listed(row.candidates)}` : row.outcome],
    ...(isRepeated(row) ? [["Answer", describeAnswer(row)]] : []),
    ["Request", row.id],
    ["Question", `${row.split}, ${row.type}, ${row.length} words`],
  ];
  const list = element("dl");
  for (const [name, text] of facts) list.append(element("dt", name), element("dd", text));
  detail.append(list);
  for (const [role, place] of row.messages) detail.append(...textBlock(`Prompt: ${role}`, texts[place]));
  if (row.reasoning) detail.append(...textBlock("Reasoning", row.reasoning));
  if (row.error) detail.append(...textBlock("Error", row.error));
  const [before, passage, after] = row.response;
  const response = [before, ...(passage ? [element("mark", passage)] : []), after];
  detail.append(...textBlock(passage ? "Answer; marked is what the letter was read in" : "Answer", ...response));
  return detail;
}

function toggle(table, button) {
  const row = table.row(button.closest("tr"));
  const opens = !row.child.isShown();
  if (opens) row.child(describe(row.data()), "opened").show();
  else row.child.hide();
  button.setAttribute("aria-expanded", String(opens));
}

const orders = JSON.parse(document.getElementById("filters").dataset.orders);
const searchable = new Map(rows.map((row) => [row, `${row.id} ${row.question} ${row.response.join("")}`.toLowerCase()]));
const chosen = {};
let words = [];

function fits(row) {
  if (!FILTERS.every((name) => !(name in chosen) || row[name] === chosen[name])) return false;
  return words.every((word) => searchable.get(row).includes(word));
}

// DataTables writes what it displays, and some of what it searches, as HTML. So it gets no text to display and none to
// search: `createdCell` puts text into the cells, and `fits` searches.
function cellData(name) {
  if (name === "question") return (row, type) => (type === "display" || type === "filter" ? "" : row.question);
  const place = name === "final" ? cellText : (row) => orders[name]?.indexOf(row[name]) ?? row[name] ?? 0;
  return (row, type) => (type === "display" || type === "filter" ? "" : place(row, name));
}

const search = element("label", "Search in questions and answers ");
const input = element("input", "", { type: "search" });
input.addEventListener("input", () => {
  words = input.value.toLowerCase().split(/\s+/);
  table.draw();
});
search.append(input);

const table = new DataTable("#explorer", {
  data: rows,
  columns: COLUMNS.map(({ name, title, wide }) => ({
    title,
    className: wide ? `${name} wide` : name,
    type: name === "question" || name === "final" ? "string" : "num",
    data: cellData(name),
    createdCell: (cell, _, row) =>
      cell.replaceChildren(name === "question" ? openingButton(row) : cellText(row, name)),
  })),
  autoWidth: false,
  deferRender: true,
  order: [],
  pageLength: 25,
  layout: { topStart: () => search, topEnd: "pageLength", bottomStart: "info", bottomEnd: "paging" },
  language: {
    lengthMenu: "_MENU_ rows a page",
    info: "Rows _START_ to _END_ of _TOTAL_",
    infoEmpty: "No rows",
    infoFiltered: "(of _MAX_)",
    emptyTable: "There are no rows.",
    zeroRecords: "No row fits search and filters.",
  },
});

table.on("click", "button.open", (event) => toggle(table, event.currentTarget));
table.search.fixed("fits", (_, row) => fits(row));

const filters = document.getElementById("filters");
for (const name of FILTERS) {
  const title = COLUMNS.find((column) => column.name === name).title;
  const label = element("label", `${title} `);
  const select = element("select", "", { id: `filter-${name}` });
  select.append(element("option", "all", { value: "" }));
  const present = new Set(rows.map((row) => row[name]));
  for (const value of orders[name].filter((one) => present.has(one))) {
    select.append(element("option", value || NOTHING[name], { value: `=${value}` }));
  }
  select.addEventListener("change", () => {
    if (select.value) chosen[name] = select.value.slice(1);
    else delete chosen[name];
    table.draw();
  });
  label.append(select);
  filters.append(label);
}
document.getElementById("rows-of-page").dataset.ready = "true";
