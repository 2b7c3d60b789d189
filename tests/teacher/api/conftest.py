"""What the tests of both clients share."""

import pytest


@pytest.fixture(params=["azure", "openai"])
def provider(request: pytest.FixtureRequest) -> str:
    """Each library that requests are sent through."""
    return request.param
