"""
All of a day that learns nothing: the stages but those of learning, so that the champion stays.

REQUIRED INPUTS: models/champion.json and what predict and monitor read of models/
OUTPUTS: those of collect, ingest, features, predict and monitor
"""


include: "common.smk"
include: "collect.smk"
include: "ingest.smk"
include: "features.smk"
include: "predict.smk"
include: "monitor.smk"
