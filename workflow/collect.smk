"""
collect: the sources' raw answers into the append-only archive.

REQUIRED INPUTS: none (the starter archive is part of the package)
OUTPUTS: data/raw/<source>/manifest.json, and the packs it lists
"""


include: "common.smk"


localrules:
    collect,


# `update` on every output: Snakemake then leaves the previous file in place until the command
# replaces it in one rename, and puts it back if the command fails.
rule collect_starter:
    input:
        code=code_of("collect"),
        lock=LOCK_FILE,
    output:
        update("data/raw/starter/manifest.json"),
    log:
        "logs/collect/starter.log",
    params:
        sections=settings("collect"),
    shell:
        "pitchline --params {PARAMS} --log {log} collect starter"


rule collect:
    input:
        expand("data/raw/{source}/manifest.json", source=config["collect"]["sources"]),
