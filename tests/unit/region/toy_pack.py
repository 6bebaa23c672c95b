"""The configuration of the small pack that the tests of this folder spoil."""

YAML = """\
name: toy
title: Toy
bounds: [121.0, 31.0, 121.4, 31.2]
area_crs: EPSG:32651
first_month: "2020-01"
unit: 100 million CNY
ntl: {product: vnl-monthly, source: ntl}
districts: {path: districts.geojson, id: district_id, name: name, group: group}
city_id: CITY
factories: {path: factories.csv, crs: wgs84}
statistics: {path: statistics.csv, series: main}
calendar: none
"""
