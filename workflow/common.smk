"""What every stage file includes. Snakemake runs a file as often as it is included; once is enough."""

if "PARAMS" not in globals():

    include: "settings.smk"
