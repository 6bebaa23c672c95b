"""`terms.md`: whose terms hold for what a release is made of: gvio cannot give rights that its inputs do not have."""

from __future__ import annotations

from collections.abc import Mapping

from gvio.config import INVENTED, RegionConfig

NAME = "terms.md"
_PROVIDERS: Mapping[str, tuple[str, str]] = {
    "vnl-monthly": (
        "VIIRS Nighttime Light, monthly composites: Earth Observation Group, Payne Institute for Public Policy, "
        "Colorado School of Mines",
        "https://eogdata.mines.edu/products/vnl/",
    ),
    "vnp46a3": (
        "Black Marble VNP46A3/VJ146A3: NASA, Level-1 and Atmosphere Archive and Distribution System",
        "https://ladsweb.modaps.eosdis.nasa.gov/missions-and-measurements/products/VNP46A3/",
    ),
    "light-every-night": (
        "Light Every Night: World Bank, NOAA and University of Michigan",
        "https://worldbank.github.io/OpenNightLights/wb-light-every-night-readme.html",
    ),
}


def terms_md(config: RegionConfig) -> bytes:
    """The document, Markdown."""
    light = [
        f"- {who}; terms and citation: <{where}>" for who, where in map(_PROVIDERS.__getitem__, config.ntl.products)
    ]
    lines = [
        "# Terms",
        "",
        *([INVENTED, ""] if config.invented else []),
        "Estimates and maps of this release were made with gvio (software: Apache-2.0) by whoever published them here,",
        "who decides on their use. They are made of:",
        "",
        *light,
        "- official statistics: of the publishers that `figures.parquet` names in its column `source`, where it does",
        "- outlines of districts and places of factories: of whoever made the region pack",
        "",
        "Cite the release by its id and region; `manifest.json` names inputs, model and version of the program.",
        "",
    ]
    return "\n".join(lines).encode()
