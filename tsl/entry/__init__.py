"""The user's model, made in a child process: the only room in which tsl runs a user's code.

    process -> channel: make -> example -> export

    process    the child from outside: starting it, hearing what it tells, ending it in time
    channel    the child from inside: what it tells, and how it ends
    make       importing the file and calling the name in it that makes the model
    inputs     the inputs of a model, given or described
    spec       how they are described
    example    the inputs to trace with
    unable     why it cannot be done
    request    what an export is asked for, and what came of it
    export     in the child: tracing and scripting the model, and saving what that gives

`process`, `spec`, `unable` and `request` need no torch and never load the user's file; the others are for the child.
"""
