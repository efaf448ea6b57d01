/* Tables of a .lib: templates, axes, values; into SI. */
#ifndef MJ_LIBERTY_TABLE_H
#define MJ_LIBERTY_TABLE_H

#include "liberty_tree.h"
#include "mj/liberty.h"

/* A library being read. Factors take the file's numbers to SI. */
typedef struct {
    const lib_text *text;
    const lib_node *root;
    double second, farad, watt, joule, volt;
    const char **refusal; /* of the cell being read: what it has that is not read, NULL as yet */
    mj_arena *arena;
    mj_err *err;
} lib_reader;

/* Puts the table of this group (cell_rise, rise_power, ...) in front of *list, values times `unit`. One over
 * other variables than load and slew is the cell's refusal. */
mj_status mj_lib_table_add(const mj_liberty_table **list, const lib_reader *r, const lib_node *group,
                           double unit);

/* A number that is the whole text, blanks around it; MJ_ESYNTAX with the node's place. */
mj_status mj_lib_number(double *number, const lib_reader *r, const lib_node *at, const char *text);
/* That number of a group's attribute, times `unit`; `missing` where the attribute is not there. */
mj_status mj_lib_attribute(double *number, const lib_reader *r, const lib_node *group,
                           const char *name, double unit, double missing);

#endif
