"""
collect: the sources' raw answers into the append-only archive.

REQUIRED INPUTS: none (the starter archive is part of the package; the others come from the network)
OUTPUTS: data/raw/<source>/manifest.json, and the packs it lists

Named as a target, `collect` asks every source of params.yaml. Any other target takes what is
archived and asks only a source that has no archive yet.
"""


include: "common.smk"


SOURCES = config["collect"]["sources"]
NETWORK_SOURCES = [source for source in SOURCES if source != "starter"]

ASKED = request("collect", "collect" in sys.argv, sys.argv)

# One name for the whole run, so that its receipts can be told from older ones.
os.environ.setdefault("PITCHLINE_RUN", run_name())


localrules:
    collect,


# `update` on every output: Snakemake then leaves the previous file in place until the command
# replaces it in one rename, and puts it back if the command fails.
rule collect_starter:
    input:
        code=code_of("collect"),
        competitions="workflow/reference/competitions.csv",
        lock=LOCK_FILE,
    output:
        update("data/raw/starter/manifest.json"),
    log:
        "logs/collect/starter.log",
    params:
        sections=settings("as_of", "collect"),
    shell:
        "pitchline --params {PARAMS} --log {log} collect task starter"


# A source's command ends well even if the source failed: its receipt tells, and no other source
# nor later stage waits for it. Its time limit is kept by the command itself, which ends the
# process at work with all its children.
for source in NETWORK_SOURCES:

    rule:
        name:
            f"collect_{source}"
        input:
            after=[
                f"data/raw/{earlier}/manifest.json"
                for earlier in read_before(source)
                if earlier in NETWORK_SOURCES
            ],
            asked=ASKED,
            competitions="workflow/reference/competitions.csv",
        output:
            update(f"data/raw/{source}/manifest.json"),
        log:
            f"logs/collect/{source}.log",
        resources:
            **{name: 1 for name in ("fotmob", "fbref") if source.startswith(name)},
        params:
            source=source,
            sections=settings("as_of", "collect"),
        shell:
            "pitchline --params {PARAMS} --log {log} collect task {params.source}"


rule collect:
    input:
        expand("data/raw/{source}/manifest.json", source=SOURCES),
    log:
        "logs/collect/result.log",
    shell:
        "pitchline --params {PARAMS} --log {log} collect result"
