"""Which archive officially holds which product. A new product is a module like its neighbours, and a line here."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Callable, Mapping
from types import MappingProxyType

from gvio.archives.access import Credentials, Endpoints
from gvio.archives.archive import Archive, Bounds
from gvio.errors import ConfigError

Maker = Callable[[Bounds, Credentials, Endpoints, str], Archive]


@dataclasses.dataclass(frozen=True)
class Official:
    """The official archive of a product.

    Attributes:
        make: Bounds, credentials, addresses and variant → the archive. Imports its module only when it is called:
            the libraries of the providers take seconds.
        variants: Series of the product that are fetched apart, the default first.
    """

    make: Maker
    variants: tuple[str, ...]


def _black_marble(bounds: Bounds, credentials: Credentials, endpoints: Endpoints, variant: str) -> Archive:
    from gvio.archives.black_marble import black_marble_archive

    return black_marble_archive(bounds, credentials, endpoints, product=variant)


def _eog(bounds: Bounds, credentials: Credentials, endpoints: Endpoints, variant: str) -> Archive:
    from gvio.archives.eog import eog_archive

    return eog_archive(bounds, credentials, endpoints, configuration=variant)


def _light_every_night(bounds: Bounds, _: Credentials, endpoints: Endpoints, __: str) -> Archive:
    from gvio.archives.open_nightlight import light_every_night_archive

    return light_every_night_archive(bounds, endpoints)


ARCHIVES: Mapping[str, Official] = MappingProxyType(
    {
        "vnp46a3": Official(_black_marble, ("VNP46A3", "VJ146A3")),
        "vnl-monthly": Official(_eog, ("vcmslcfg", "vcmcfg")),
        "light-every-night": Official(_light_every_night, ("monthly",)),
    }
)


def choose_variants(products: tuple[str, ...], variant: str | None) -> tuple[str, ...]:
    """The variant of every product: the one asked for where the product has it, else the product's default.

    Raises:
        ConfigError: No product of these has the variant; the nearest one is named.
    """
    known = [name for product in products for name in ARCHIVES[product].variants]
    if variant is not None and variant not in known:
        near = difflib.get_close_matches(variant, known, n=1, cutoff=0.0)[0]
        what = f"ntl.variant {variant!r} is none of {', '.join(products)}; nearest is {near!r}"
        raise ConfigError(what, where="region.yaml", hint="Correct it, or leave it out.")
    return tuple(
        variant if variant in ARCHIVES[product].variants and variant else ARCHIVES[product].variants[0]
        for product in products
    )
