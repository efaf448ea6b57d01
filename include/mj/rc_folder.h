/* RC folder: a settling net realised in SPICE, as mj realize leaves it and mj measure reads it.
 *
 *   netlist.cir           the net as a whole deck for ngspice, settling on the first image
 *   card.lib              the transistors' models, a copy
 *   network.safetensors   W, U, b, V, c and images x with their classes, F64: what it must agree with
 *   manifest.json         kind "spice-rc", what it is of, the cell and its measured transfer, and what a unit of
 *                         the model is in volts, siemens, farads and seconds
 *
 * The netlist is a function of the rest: one that is not what the rest gives is refused, so nothing that
 * somebody else wrote reaches ngspice but models, which are checked. */
#ifndef MJ_RC_FOLDER_H
#define MJ_RC_FOLDER_H

#include "mj/rc_net.h"

#define MJ_RC_KIND "spice-rc"
enum { MJ_RC_IMAGES = 3 }; /* unless somebody says how many */

typedef struct {
    const char *model, *path; /* its name, its file to be hashed (NULL: none) */
    const char *data;         /* what images are of */
    const char *version, *commit, *tool; /* of mj; of ngspice */
    mj_spice_models models;   /* of the cell, if it has transistors */
    mj_rc_cell cell;          /* models point to the above, or NULL */
    mj_rc_transfer transfer;
    mj_rc_config config;
    double accuracy;          /* of the model on its test data; 0: not known */
    mj_settling_net net;
    int n_images;
    double *x;                /* [n_images, K] */
    int *label;
} mj_rc_folder;

/* Makes the folder, or takes an empty one; MJ_EFILE for one that is not. */
mj_status mj_rc_folder_save(const mj_rc_folder *from, const mj_rc_net *rc, const char *folder,
                            mj_arena *arena, mj_err *err);
/* True if the folder's manifest says that it is one. */
bool mj_rc_folder_is(const char *folder, mj_arena *arena);
/* With *rc mapped; pointers in both are to *to and the arena. */
mj_status mj_rc_folder_load(mj_rc_folder *to, mj_rc_net *rc, const char *folder, mj_arena *arena, mj_err *err);

#endif
