/* Ring net: a trained net of phase oscillators as rings on transistors, and as the phase model of those.
 *
 *   dtheta_i/dt = omega_i + sum_j K_ij H(theta_j - theta_i) + A_i cos theta_i - B_i sin theta_i
 *
 * in model time, theta against a reference, is built of split rings (ring.h):
 *
 *   K_ij > 0   a resistor a_1 u / K_ij from ring j's output to ring i      H = H_output / a_1
 *   K_ij < 0   the same from its opposite output                           H = H_opposite / |a_1|
 *   A, B       resistors from two of four sines of the reference, a quarter of a turn apart
 *   omega_i    the trim: supply i off by so much, less what the constants of all responses shift
 *
 * a_1 is the first sine of a response in ohm rad/s, u the seconds of one unit of model time. u is as
 * short as the limit allows up to which H holds: the node with the strongest couplings, of all classes,
 * carries as much coupling as conductance_max makes through a ring's own output. The opposite output and
 * the sines are weaker paths and take a_1 / a_path times as many siemens for the same coupling, so the
 * conductance at a node may be more than conductance_max (mj_ring_net_conductance). Ring n is the reference:
 * it feeds the sines and is what phases are taken against, so that what the solver's steps do to all
 * frequencies alike falls out.
 *
 * On a substrate with couplers (coupler_bits) couplings are those, set to codes: the strongest of the net is
 * all bits. Couplings between codes are not: mj_ring_net_quantise first. Injections stay resistors. */
#ifndef MJ_RING_NET_H
#define MJ_RING_NET_H

#include "mj/ring_file.h"
#include "mj/ring_switches.h"
#include "mj/sha256.h"

/* Where a net of that strongest sum of couplings (rad per unit) lies on a substrate. */
typedef struct {
    double unit_s, coupling_ohm; /* a unit of model time; a coupling of 1 */
    double strongest;
    double noise;    /* of phases, rad per square root of a unit */
    double detuning; /* that the trim leaves, rad per unit */
} mj_ring_mapping;
mj_ring_mapping mj_ring_map(const mj_ring_substrate *substrate, double strongest);

typedef struct {
    int i, j;     /* of j on i */
    double value; /* rad per unit, not 0 */
} mj_ring_coupling;

/* All of one image; arrays [n]. */
typedef struct {
    int label;
    double *omega, *drive_cos, *drive_sin; /* rad per unit */
    double *start;                         /* rad */
} mj_ring_image;

typedef struct {
    const char *name;
    int n, width, height; /* oscillators; of the image, visible ones first */
    double span;          /* model time to the read-out */
    double strongest;     /* the most that acts on one ring, of all classes, with an image here or not: it
                           * sets the unit of time */
    int n_couplings, n_images;
    mj_ring_coupling *coupling;
    mj_ring_image *image;
} mj_ring_net;

/* Sizes that fit, indices in range, numbers finite, no ring with more on it than `strongest`; MJ_ERANGE. */
mj_status mj_ring_net_check(const mj_ring_net *net, mj_err *err);
/* The most that acts on one ring in the images that are here. */
double mj_ring_net_strongest(const mj_ring_net *net);
/* The largest sum of conductances at a node of the decks, of all images; of couplers, bits that are on. */
double mj_ring_net_conductance(const mj_ring_net *net, const mj_ring_substrate *substrate);

/* Every coupling to the nearest code of the substrate's couplers, all as strong, of which the strongest coupling
 * has all bits on; those nearest to 0 go. Nothing where couplings are resistors. */
void mj_ring_net_quantise(mj_ring_net *net, const mj_ring_substrate *substrate);
/* A circle and n couplings across, of either sign, one to three times the smallest, at most n_out from a ring;
 * no frequencies, no drives, any start; long enough for the strongest node to turn phases by 16 rad. One
 * image. MJ_EMEM. */
mj_status mj_ring_net_draw(mj_ring_net *net, int n, int n_out, uint64_t seed, mj_arena *arena, mj_err *err);

/* The phase model with all that was measured of the substrate, or its first sine alone: Runge-Kutta of
 * order 4, float, n_batch samples of an image at once, which differ in nothing or in their start.
 * theta [n, n_batch] is start and result; scratch [mj_ring_net_scratch]. */
typedef struct {
    const mj_ring_substrate *substrate;
    bool sine_only;
    int n_batch, n_steps;
} mj_ring_net_model;
size_t mj_ring_net_scratch(const mj_ring_net *net, int n_batch);
void mj_ring_net_integrate(float *theta, float *scratch, const mj_ring_net *net, int image,
                           const mj_ring_net_model *model);

/* The deck of an image; ends three cycles after the read-out. */
mj_status mj_ring_net_deck(mj_deck *deck, const mj_ring_net *net, int image, const mj_ring *ring,
                           const mj_ring_figures *figures, const mj_ring_substrate *substrate,
                           mj_err *err);

/* What ngspice made of it. */
typedef struct {
    double *phase;   /* [n] against the reference at the read-out, in (-pi, pi] */
    double energy_J; /* from start to read-out, the supplies of the net's rings */
    double wall_s;   /* of ngspice */
    double busy_s;   /* the same, of a processor */
    double package_J; /* of the processor's package meanwhile; 0: it has no meter */
} mj_ring_net_result;
mj_status mj_ring_net_simulate(mj_ring_net_result *result, const mj_ring_net *net, int image,
                               const mj_ring *ring, const mj_ring_figures *figures,
                               const mj_ring_substrate *substrate, const mj_spice_job *job,
                               mj_arena *arena, mj_err *err);

/* An image of a net without drives: circuit, model and its sine alone at the read-out, each relative to the mean
 * difference, because nothing holds all phases against the reference. */
typedef struct {
    int n, n_couplings;
    double span_s, energy_J, circuit_s; /* energy_J: per ring and cycle */
    mj_ring_error full, sine;
} mj_ring_net_agreement;
mj_status mj_ring_net_agree(mj_ring_net_agreement *agreement, const mj_ring_net *net, const mj_ring *ring,
                            const mj_ring_figures *figures, const mj_ring_substrate *substrate,
                            const mj_spice_job *job, mj_err *err);

/* Two sets of phases, as they are: root mean square and largest difference in rad, mean absolute
 * difference of pixels (1 - cos)/2. */
typedef struct {
    double rms, largest, pixel;
} mj_ring_net_error;
mj_ring_net_error mj_ring_net_compare(const double *a, const double *b, const mj_ring_net *net);

/* FOLDER/net.json: the net with its images. Read with every number checked. */
mj_status mj_ring_net_save(const mj_ring_net *net, const char *folder, mj_err *err);
mj_status mj_ring_net_load(mj_ring_net *net, const char *folder, mj_arena *arena, mj_err *err);

/* All that decides what ngspice makes of an image: SHA-256 of the net's and the substrate's file and of the
 * models' text, the largest step, the program. */
typedef struct {
    char net[MJ_SHA256_TEXT], substrate[MJ_SHA256_TEXT], models[MJ_SHA256_TEXT];
    double step_s;
    const char *tool; /* "ngspice-39" */
} mj_ring_net_origin;
/* Of a folder, whose manifest must be there, written last, and name the same two files: MJ_EFILE where there is
 * none, MJ_ERANGE where it is of others. */
mj_status mj_ring_net_origin_make(mj_ring_net_origin *origin, const char *folder, const char *models_text,
                                  double step_s, const char *tool, mj_err *err);
/* FOLDER/image-07.json: what was measured of an image, and from what. `found` is false where it was not yet;
 * MJ_ERANGE, with what differs, where it is of another origin or no measurement at all. */
mj_status mj_ring_net_result_save(const mj_ring_net_result *result, const mj_ring_net_origin *origin,
                                  const mj_ring_net *net, int image, const char *folder, mj_err *err);
mj_status mj_ring_net_result_load(mj_ring_net_result *result, bool *found, const mj_ring_net_origin *origin,
                                  const mj_ring_net *net, int image, const char *folder, mj_arena *arena,
                                  mj_err *err);

#endif
