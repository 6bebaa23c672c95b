"""What pictures say, for the tests of pictures."""

import pytest
from matplotlib.text import Text

import gvio.report.canvas as canvas


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Texts of the pictures that are drawn."""
    found: list[str] = []
    drawn = canvas._drawn

    def noting(figure):
        found.extend(text.get_text() for text in figure.findobj(Text))
        return drawn(figure)

    monkeypatch.setattr(canvas, "_drawn", noting)
    return found
