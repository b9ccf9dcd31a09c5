"""Who may run what, and which data may go where."""

from __future__ import annotations

import pytest

from bot import policy
from bot.messages import LABELS, highest_label


@pytest.mark.parametrize("zone", ["local", "lgwan", "cloud"])
def test_a_higher_label_is_never_treated_more_freely(zone: policy.Zone) -> None:
    strictness = ("allow", "mask", "refuse")
    found = [strictness.index(policy.decide(label, zone)) for label in LABELS]
    assert found == sorted(found)


def test_the_most_secret_label_goes_to_no_model() -> None:
    assert {policy.decide("3A", zone) for zone in ("local", "lgwan", "cloud")} == {"refuse"}  # type: ignore[arg-type]


def test_an_unknown_label_counts_as_3b() -> None:
    for zone in ("local", "lgwan", "cloud"):
        assert policy.decide("？", zone) == policy.decide("3B", zone)  # type: ignore[arg-type]
    assert highest_label(["1", "？"]) == "3B"


def test_an_unknown_zone_is_refused() -> None:
    assert policy.decide("1", "moon") == "refuse"  # type: ignore[arg-type]


def test_what_is_secret_does_not_fit_a_public_channel() -> None:
    assert policy.fits("2", "public")
    assert not policy.fits("3C", "public")
    assert policy.fits("3C", "private")
    assert not policy.fits("3B", "private")
    assert policy.fits("3B", "direct")
