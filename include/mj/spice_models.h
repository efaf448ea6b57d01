/* Spice models: the transistors of a process, from a file of models by path and corner.
 *
 * A file has `.model` cards (or `.subckt` wrappers around them), in sections if it has corners:
 *
 *     .lib tt
 *     .model nfet nmos level=14 ...
 *     .model pfet pmos level=14 ...
 *     .endl tt
 *
 * The text of the section is checked and goes into every deck, without comments; ngspice never opens the
 * file. Taken are .model of the types that MOS processes have, .param, .func, .if and .subckt with elements
 * in them; 'x' becomes {x}. Everything else is refused, with file and line, because it could make ngspice
 * do more than simulate or change what is measured: .control and commands in comments (*#), .include, a
 * .lib that names another file, elements outside .subckt, models that write files, quotes, names with
 * "file" in them, and every dot-command that a model does not need. */
#ifndef MJ_SPICE_MODELS_H
#define MJ_SPICE_MODELS_H

#include "mj/arena.h"
#include "mj/err.h"

#include <stdbool.h>
#include <stdio.h>

typedef struct {
    const char *path, *corner; /* corner: "" for a file without sections */
    const char *text;          /* lines, each with its end */
    const char *nmos, *pmos;   /* names */
    bool is_subcircuit;        /* instances are x, not m */
} mj_spice_models;

/* nmos, pmos: names in the file, both of models or both of subcircuits; NULL: the first .model of that
 * type outside subcircuits. corner NULL: "tt" where there
 * are sections. MJ_ENAME with what there is, if the corner or a device is not. */
typedef struct {
    const char *path, *corner, *nmos, *pmos;
} mj_models_request;
mj_status mj_spice_models_load(mj_spice_models *models, const mj_models_request *request,
                               mj_arena *arena, mj_err *err);
mj_status mj_spice_models_parse(mj_spice_models *models, const mj_models_request *request,
                                const char *text, size_t length, mj_arena *arena, mj_err *err);

/* MJ_ESUPPORT where mj_transistor's threshold and mobility must be 0: a subcircuit's instance has no such
 * parameters, and ngspice would not say so. */
mj_status mj_models_can_differ(const mj_spice_models *models, mj_err *err);

#define MJ_CONTACT_M 0.5e-6 /* length of a source or drain with one contact at 180 nm */

/* One transistor: its name without the leading letter, its nodes, size in m, and what its threshold
 * and mobility differ by (mismatch; 0 and 0: nothing). Areas and edges of source and drain are
 * those of one contact, MJ_CONTACT_M long. fingers: so many of that width side by side; 0: one. */
typedef struct {
    const char *name, *drain, *gate, *source, *bulk;
    double width_m, length_m;
    double threshold_V, mobility_share;
    int fingers;
} mj_transistor;
void mj_transistor_write(FILE *out, const mj_spice_models *models, bool is_pmos,
                         const mj_transistor *transistor);

#endif
