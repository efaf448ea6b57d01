/* Fuzz target: results of ngspice, and files of models behind the first byte. What is accepted has finite
 * numbers as many as it says, in the order of time; text of models is read once more as ngspice does, which
 * takes commas, brackets and = for blanks and joins lines at +, and has models of the known types and elements
 * in subcircuits, nothing else. */
#include "mj/spice_models.h"
#include "mj/spice_raw.h"
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_raw(const char *bytes, size_t length, mj_arena *arena, mj_err *err)
{
    mj_raw raw;
    if (mj_raw_parse(&raw, bytes, length, "fuzz.raw", arena, err) != MJ_OK) {
        return;
    }
    mj_waveform wave;
    double sum = 0;
    for (size_t i = 0; i < (size_t)raw.n_variables * raw.n_points; i++) {
        sum += isfinite(raw.value[i]) ? 0 : 1;
    }
    if (sum > 0 || mj_raw_find(&wave, &raw, raw.name[raw.n_variables - 1], err) != MJ_OK) {
        abort();
    }
    for (size_t i = 1; i < wave.n; i++) {
        if (wave.time[i] < wave.time[i - 1]) {
            abort();
        }
    }
    mj_waveform_crossings(NULL, 0, &wave, 0.5, true);
    mj_waveform_integral(&wave, wave.time[0], mj_raw_end_s(&raw));
}

static int is_one_of(const char *word, const char *list)
{
    char padded[64];
    snprintf(padded, sizeof padded, " %s ", word);
    return strlen(word) < 60 && strstr(list, padded) != NULL;
}

/* One line as ngspice has it in the end. */
static void check_statement(char *line, int *depth)
{
    static const char blanks[] = " \t,=()";
    char *rest;
    for (char *c = line; *c; c++) {
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
    }
    if (strpbrk(line, "\"'`\\#@$;[]") || strstr(line, "file") || strstr(line, ".control")) {
        abort();
    }
    char *word = strtok_r(line, blanks, &rest);
    if (!word || (word[0] != '.' && (*depth == 0 || !strchr("mxrcdlegq", word[0]))) ||
        (word[0] == '.' && !is_one_of(word, " .model .param .func .subckt .ends .if .elseif .else .endif "))) {
        abort();
    }
    *depth += strcmp(word, ".subckt") == 0 ? 1 : strcmp(word, ".ends") == 0 ? -1 : 0;
    if (strcmp(word, ".model") == 0) {
        strtok_r(NULL, blanks, &rest);
        word = strtok_r(NULL, blanks, &rest);
        if (!word || !is_one_of(word, " nmos pmos d r res c l npn pnp ")) {
            abort();
        }
    }
}

static void check_models(const char *models)
{
    char *text = strdup(models), *rest, *joint;
    int depth = 0;
    while ((joint = strstr(text, "\n+"))) {
        joint[0] = joint[1] = ' ';
    }
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        check_statement(line, &depth);
    }
    if (depth != 0) {
        abort();
    }
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    mj_arena arena;
    mj_err err = {0};
    mj_arena_init(&arena, (size_t)256 << 20);
    if (size > 0 && data[0] == '*') {
        const mj_models_request request = {.path = "fuzz.lib"};
        mj_spice_models models;
        if (mj_spice_models_parse(&models, &request, (const char *)data, size, &arena, &err) == MJ_OK) {
            check_models(models.text);
        }
    } else {
        check_raw((const char *)data, size, &arena, &err);
    }
    mj_arena_fini(&arena);
    return 0;
}
