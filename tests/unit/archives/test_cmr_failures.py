"""A search in CMR that earthaccess gives up without an HTTP answer to judge by."""

import pytest

from gvio.archives.access import Endpoints
from gvio.archives.cmr import all_granules
from gvio.errors import UpstreamUnavailable


class Failing:
    """A query as earthaccess makes it, of which nothing is known but that it failed."""

    def hits(self) -> int:
        raise RuntimeError("Broken pipe")


def test_a_failure_without_an_answer_is_one_of_the_archive():
    with pytest.raises(UpstreamUnavailable, match=r"cmr\.earthdata\.nasa\.gov\S*: the search in CMR failed. Try again"):
        all_granules(Failing(), Endpoints())
