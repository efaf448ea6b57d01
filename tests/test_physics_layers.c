/* Gradients of every row of the table of physics, as of those of the table of layers. */
#include "gradient_walk.h"

#include "mj/physics.h"

static void test_every_row_has_its_gradient(void **state)
{
    (void)state;
    gradient_walk(mj_physics_layers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_row_has_its_gradient)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
