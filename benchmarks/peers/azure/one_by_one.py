"""The synchronous client, one call after another; an error's text stands where the answer should."""

from azure.ai.inference import ChatCompletionsClient
from azure.core.credentials import AzureKeyCredential


def ask(conversations: list[list[dict[str, str]]], endpoint: str, concurrency: int) -> list[str | None]:
    """Ask in a loop, whatever the concurrency."""
    client = ChatCompletionsClient(endpoint=endpoint, credential=AzureKeyCredential("unused"))
    texts = []
    for messages in conversations:
        try:
            response = client.complete(messages=messages, model="loopback", max_tokens=16, temperature=0)
            texts.append(response.choices[0].message.content)
        except Exception as error:  # noqa: BLE001 (as such loops do)
            texts.append(f"Error: {error}")
    return texts
