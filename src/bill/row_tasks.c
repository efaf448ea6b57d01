/* Effective prompt lengths in tokens, by task [zeus2025].
 *
 * The benchmark does not publish the lengths of its prompts; these were fitted together with the
 * predictor. */
#include "row_tasks.h"

const mj_row_task mj_row_tasks[ROW_TASKS_N] = {
    {"lm-arena-chat", 220, NULL},
    {"gpqa", 220, NULL},
    {"sourcegraph-fim", 2700, NULL},
    {"image-chat", 800, NULL},
    {"video-chat", 800, "taken from image-chat: videos were never fitted"},
};
