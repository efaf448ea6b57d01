/* Facts: the sourced numbers under data/facts, one file a family (dram.yaml, sram.yaml, ...).
 *
 * A fact's key is FAMILY.NAME, e.g. "dram.read.hbm3e". A family is read when its first fact is asked
 * for, so a bill that needs three facts does not parse three hundred. */
#ifndef MJ_FACT_H
#define MJ_FACT_H

#include "mj/arena.h"
#include "mj/quantity.h"
#include "mj/spec.h"
#include "mj/units.h"

/* Where a joule figure was taken: everything inside the named border is in it. */
#define MJ_BOUNDARY_LIST(X) \
    X(DIE, "die")           \
    X(PACKAGE, "package")   \
    X(BOARD, "board")       \
    X(NODE, "node")         \
    X(RACK, "rack")         \
    X(FACILITY, "facility") \
    X(FLEET, "fleet")
#define MJ_BOUNDARY_ENUM(name, text) MJ_BOUNDARY_##name,
typedef enum { MJ_BOUNDARY_NONE, MJ_BOUNDARY_LIST(MJ_BOUNDARY_ENUM) MJ_BOUNDARY_N } mj_boundary;
#undef MJ_BOUNDARY_ENUM
/* "die", "package", ...: NULL-terminated, index 0 is "" for MJ_BOUNDARY_NONE. */
extern const char *const mj_boundary_names[];

typedef struct {
    const char *key;    /* "dram.read.hbm3e" */
    const char *what;   /* one line for people: what was counted */
    mj_quantity value;  /* numbers as written in the fact's own unit (value.unit, e.g. "pJ/bit") */
    double node_m;      /* technology node; 0: does not apply */
    double vdd_V;       /* 0: not stated */
    int year;           /* 0: not stated */
    mj_boundary boundary;
    const char *scaling; /* law that moves it between nodes: "arith", "sram", "wire", "area", "none" */
    const char *note;   /* may be NULL */
} mj_fact;

typedef struct {
    const char *key;   /* "horowitz2014" */
    const char *title; /* author, work, place */
    const char *url;   /* may be NULL */
    const char *check; /* how the figure was verified: "text seen", "read in source code", "from memory" */
    int year;
} mj_source;

/* One file of facts, e.g. data/facts/dram.yaml, to check it by itself. */
extern const mj_spec_schema mj_fact_schema;

enum { MJ_FACT_FAMILY_MAX = 128 };
/* What the family of a circuit's facts is called: lower-case letters and digits of its name as they are, all
 * else '-'. Names that leave no room are cut. */
void mj_fact_circuit_family(char family[MJ_FACT_FAMILY_MAX], const char *name);

typedef struct mj_facts mj_facts; /* the loaded families; ours */

/* dirs: the shipped folder, where the family dram is dram.yaml, then the user's (--facts), of which
 * every *.yaml counts and belongs to the family that it names; later ones override earlier ones'
 * keys. Nothing is read yet. NULL when out of memory. All borrowed: `units`, the array dirs and its
 * strings, sources_path must outlive the store. */
mj_facts *mj_facts_new(const char *const *dirs, int n_dirs, const char *sources_path,
                       const mj_units *units);
void mj_facts_free(mj_facts *facts);

/* Reads the user's folders now, so that a file that holds no facts is reported (file, line) even
 * when the bill asks for none of them. */
mj_status mj_facts_read_more(mj_facts *facts, mj_err *err);

/* One fact, its family read if need be. MJ_ENAME with a suggestion if there is none. */
mj_status mj_facts_find(const mj_fact **fact, mj_facts *facts, const char *key, mj_err *err);
/* All facts of all families whose key or text contains `pattern` (NULL: all), sorted by key. */
mj_status mj_facts_list(const mj_fact ***list, int *n, mj_facts *facts, const char *pattern,
                        mj_err *err);
/* The source behind a key; MJ_ENAME if data/sources.yaml lacks it. "user" is always known. */
mj_status mj_facts_source(const mj_source **source, mj_facts *facts, const char *key, mj_err *err);

/* All sources, in the order of the file; borrowed from facts. */
mj_status mj_facts_sources(const mj_source **list, int *n, mj_facts *facts, mj_err *err);

/* The fact as a quantity in SI unit `want`, moved to `node_m` (0: as it stands) by its scaling law
 * (scaling.h), with the interval widened by what scaling is worth. MJ_EUNIT if the dimension
 * differs; MJ_ERANGE if the node lies outside what was published. */
mj_status mj_facts_quantity(mj_quantity *quantity, mj_facts *facts, const char *key,
                            const char *want, double node_m, mj_err *err);

#endif
