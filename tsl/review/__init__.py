"""What a change did to a project: its findings and its models, beside those of a revision of git.

    against    the findings and models of the working tree against those of a revision
    comment    that as one comment in Markdown
    written    the comment and the files that go with it, in a directory

Needs git, and everything that checks, compares and reports. It will never send anything, and knows no service.
"""
