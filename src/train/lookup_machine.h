/* A look-up memory on a machine with fewer bits and with chips that differ: its rows, written anew. */
#ifndef MJ_TRAIN_LOOKUP_MACHINE_H
#define MJ_TRAIN_LOOKUP_MACHINE_H

#include "mj/analog.h"
#include "mj/lookup_text.h"

/* Keeps the rows as they are, where training has squares; before the first write. */
void mj_lookup_machine_keep(mj_lookup_text *text);
/* Rows as kept, in codes of machine->weight_bits (0: as kept), each number off by machine->mismatch on
 * the chip of machine->chip. The rest of the machine is the reader's. */
mj_status mj_lookup_machine_write(mj_lookup_text *text, const mj_analog *machine, mj_err *err);

#endif
