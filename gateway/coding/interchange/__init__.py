"""对照与目录的导入导出: tables of the crosswalk and of catalogues come in and go out here.

Reading: `source` says what a file is, `texts` and `workbooks` read it, `plan` and `headings` say which
column is which, `drafts` turns rows into proposals. Judging: `preview` compares with what is believed.
Writing: `staging` makes a whole file durable or nothing of it, `national` and `items` take catalogues.
Going out: `views`, `flat`, `book`, `concept_map`.
"""
