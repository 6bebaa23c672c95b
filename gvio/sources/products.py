"""The table of products. A new product is a module like its neighbours, and a line here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from gvio.sources import light_every_night, vnl, vnp46a3
from gvio.sources.product import Product

PRODUCTS: Mapping[str, Product] = MappingProxyType(
    {product.name: product for product in (vnl.PRODUCT, vnp46a3.PRODUCT, light_every_night.PRODUCT)}
)
