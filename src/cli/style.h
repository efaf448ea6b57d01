/* Style: how results are to be printed where stdout leads. */
#ifndef MJ_CLI_STYLE_H
#define MJ_CLI_STYLE_H

#include "context.h"
#include "mj/report.h"

/* Colour as the context says; blocks in bars when the locale's character set is UTF-8; the
 * width of COLUMNS or of the terminal, between 60 and 120 columns, 100 where there is neither. */
mj_style mj_style_of(const mj_context *context);

#endif
