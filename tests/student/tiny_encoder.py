"""A sentence encoder that needs no download: one layer of random weights, and a token for each of a few words."""

import sys
from pathlib import Path

import torch
from transformers import BertConfig, BertModel, BertTokenizer

WORDS = "[PAD] [UNK] [CLS] [SEP] [MASK] where do ferrets foxes owls moles live in a den bank moon ? 0 1 2 3 4 5 6 7 8 9"


def write_encoder(folder: Path) -> None:
    """Write both to a folder."""
    folder.mkdir(parents=True)
    (folder / "vocab.txt").write_text("\n".join(WORDS.split()))
    tokenizer = BertTokenizer.from_pretrained(folder, model_max_length=24)
    tokenizer.save_pretrained(folder)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=1, num_attention_heads=2,
        max_position_embeddings=24,
    )  # fmt: skip
    BertModel(config).save_pretrained(folder)


if __name__ == "__main__":
    write_encoder(Path(sys.argv[1]))
