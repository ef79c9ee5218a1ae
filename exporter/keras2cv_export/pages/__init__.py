"""Shared by all pages of the project: the base template, its colours, and charts.

    record -charts (matplotlib)-> Drawing        record + drawings -templates (jinja2)-> one file

Jinja escapes every string that it prints; only a Drawing, made by `chart.py`, is markup already.
The extra [pages] installs jinja2 and matplotlib; nothing outside the page rooms imports them.
"""
