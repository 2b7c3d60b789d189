"""distilabel's pipeline: rows from a list, asked in batches of as many as may be in flight."""

from distilabel.models import OpenAILLM
from distilabel.pipeline import Pipeline
from distilabel.steps import LoadDataFromDicts
from distilabel.steps.tasks import ChatGeneration


def ask(conversations: list[list[dict[str, str]]], endpoint: str, concurrency: int) -> list[str | None]:
    """Run the pipeline without its cache."""
    with Pipeline(name="asking") as pipeline:
        rows = [{"number": number, "messages": messages} for number, messages in enumerate(conversations)]
        load = LoadDataFromDicts(data=rows, batch_size=concurrency)
        llm = OpenAILLM(
            model="loopback",
            base_url=endpoint,
            api_key="unused",
            generation_kwargs={"max_new_tokens": 16, "temperature": 0},
        )
        load >> ChatGeneration(llm=llm, input_batch_size=concurrency)
    answers = pipeline.run(use_cache=False)["default"]["train"]
    texts = dict(zip(answers["number"], answers["generation"], strict=True))
    return [texts.get(number) for number in range(len(conversations))]
