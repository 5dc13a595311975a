# Predictions of the final model for new FASTA files.


include: "functions/prediction.smk"


rule predict_query:
    input:
        fasta=query_file,
        model=rules.combine_final.output,
        sequences=SEQUENCES,
    output:
        parquet=f"{RESULTS}/{{dataset}}/predictions/{{query}}.parquet",
        tsv=f"{RESULTS}/{{dataset}}/predictions/{{query}}.tsv.gz",
    log:
        f"{RESULTS}/{{dataset}}/logs/predict_query/{{query}}.log",
    benchmark:
        f"{RESULTS}/{{dataset}}/benchmarks/predict_query/{{query}}.tsv"
    wildcard_constraints:
        dataset=one_of(datasets_by_record()),
    conda:
        "../envs/bioseqrnn.yaml"
    threads: config["threads"]
    resources:
        **gpus(),
        mem_mb=4000,
        runtime=120,
    params:
        device=config["device"],
        threads=config["threads"],
        checksum=query_checksum,
        genes=gene_options,
        nearest="--nearest" if config["nearest"] else "",
        version=STAGE_VERSIONS["prediction"],
    shell:
        "bioseqrnn predict {input.fasta:q} --model {input.model:q} --device {params.device}"
        " --sequences {input.sequences:q} --threads {params.threads} {params.genes} {params.nearest}"
        " --output {output.parquet:q} > {log:q} 2>&1"


# The same for datasets with a label for every residue, with more output files.
use rule predict_query as predict_positions with:
    output:
        parquet=f"{RESULTS}/{{dataset}}/predictions/{{query}}.parquet",
        tsv=f"{RESULTS}/{{dataset}}/predictions/{{query}}.tsv.gz",
        bed=f"{RESULTS}/{{dataset}}/predictions/{{query}}.bed.gz",
        gff3=f"{RESULTS}/{{dataset}}/predictions/{{query}}.gff3.gz",
    wildcard_constraints:
        dataset=one_of(datasets_by_position()),
