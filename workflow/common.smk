"""What every stage file includes. Snakemake runs a file as often as it is included; once is enough."""

if globals().get("READ_FOR") is not workflow:

    include: "settings.smk"

    READ_FOR = workflow
