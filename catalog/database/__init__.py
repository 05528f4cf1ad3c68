"""The DuckDB file: its connection, tables, views and migrations, the meaning of every column, and questions in SQL.

Answers are listings of Arrow; `table` alone makes astropy tables of them. SQLAlchemy stays in `schema` and `migration`.
No survey, no network and no spectrum may come in here.
"""
