/*
 * The engine of set-up on a machine made of numbers: every call of every step and every journal
 * line fails once, or is where the power goes, in every scenario; afterwards the machine is as it
 * was, or repair and uninstall make it so. The number of cases is printed.
 */
#include "tests/support/enginemodel.h"
#include "tests/support/unit.h"

#include <stdio.h>

struct scenario {
    struct em_machine start;
    uint8_t wanted;
    enum em_verb verb;
    bool keeps; /* whatever fails, nothing that was there goes away */
};

static size_t cases;

/* However it was left: repair completes it, uninstall removes it. */
static void check_recovery(const struct scenario *scenario, const char *where, size_t at)
{
    struct sbx_engine_outcome outcome;
    struct em_machine left = em_w.m;

    ck_assert_msg(
        em_run(EM_BUILD, EM_NO_HARM, 0, &outcome) == SBX_OK && em_complete() && !em_w.unsafe,
        "%s, call %zu: repair: %s", where, at, em_err.context);
    em_w.m = left;
    ck_assert_msg(em_run(EM_REMOVE, EM_NO_HARM, 0, &outcome) == SBX_OK &&
                      em_empty(&scenario->start) && !em_w.unsafe,
        "%s, call %zu: uninstall: %s", where, at, em_err.context);
    em_w.m = left;
}

static void check_kept(const char *where, size_t at)
{
    unsigned s;
    unsigned k;

    for (s = 0; s < EM_STEPS; s++)
        for (k = 0; k < em_step_objects[s]; k++)
            ck_assert_msg(em_w.m.object[s][k] >= EM_OURS, "%s, call %zu: %s is gone", where, at,
                em_step_names[s]);
}

/* One harm at every call until a run is over before it strikes. */
static void play(const struct scenario *scenario, const char *where, enum em_harm harm)
{
    struct sbx_engine_outcome outcome;
    bool from_nothing = true;
    size_t at;
    unsigned s;
    unsigned k;

    for (s = 0; s < EM_STEPS; s++)
        for (k = 0; k < em_step_objects[s]; k++)
            from_nothing &= scenario->start.object[s][k] == EM_NONE;
    for (at = 0;; at++) {
        enum sbx_status status;

        em_w.m = scenario->start;
        em_want(scenario->wanted);
        status = em_run(scenario->verb, harm, at, &outcome);
        if (!em_w.struck)
            break;
        cases++;
        ck_assert_msg(!em_w.unsafe, "%s, call %zu: the gate was open", where, at);
        ck_assert_msg(!em_w.unannounced, "%s, call %zu: not in the journal", where, at);
        if (scenario->keeps)
            check_kept(where, at);
        if (!status)
            ck_assert_msg(scenario->verb == EM_BUILD ? em_complete() : em_empty(&scenario->start),
                "%s, call %zu: success, but it is not", where, at);
        else if (scenario->verb == EM_BUILD && from_nothing && harm != EM_POWER &&
                 harm != EM_POWER_AFTER)
            ck_assert_msg(em_empty(&scenario->start) && !outcome.undo_failed,
                "%s, call %zu: not as it was before", where, at);
        check_recovery(scenario, where, at);
    }
    ck_assert_uint_gt(at, 10);
}

static void play_all(const struct scenario *scenario, const char *where)
{
    int harm;

    for (harm = EM_FAIL; harm < EM_HARMS; harm++)
        play(scenario, where, (enum em_harm)harm);
}

START_TEST(install__any_call_fails__machine_as_before_or_repairable)
{
    struct scenario scenario = {.wanted = EM_OURS, .verb = EM_BUILD};

    cases = 0;
    play_all(&scenario, "install");
    printf("engine: install: %zu injected failures and power losses\n", cases);
}
END_TEST

START_TEST(second_operator__any_call_fails__repairable)
{
    struct scenario scenario = {.wanted = EM_OURS_TWO, .verb = EM_BUILD, .keeps = true};

    cases = 0;
    em_installed_machine();
    scenario.start = em_w.m;
    play_all(&scenario, "second operator");
    printf("engine: second operator: %zu injected failures and power losses\n", cases);
}
END_TEST

START_TEST(repair__any_damage_and_any_call_fails__repairable)
{
    struct scenario scenario = {.wanted = EM_OURS, .verb = EM_BUILD};
    struct em_machine good;
    char where[64];
    unsigned s;
    unsigned k;
    uint8_t damage;

    cases = 0;
    em_by_text = false;
    em_installed_machine();
    good = em_w.m;
    for (s = 0; s < EM_STEPS; s++) {
        for (k = 0; k < em_step_objects[s]; k++) {
            for (damage = EM_NONE; damage <= EM_BROKEN; damage++) {
                scenario.start = good;
                scenario.start.object[s][k] = damage;
                snprintf(where, sizeof(where), "repair of %s/%u/%u", em_step_names[s], k, damage);
                play_all(&scenario, where);
            }
        }
    }
    printf("engine: repair: %zu injected failures and power losses\n", cases);
}
END_TEST

START_TEST(uninstall__any_call_fails__repairable)
{
    struct scenario scenario = {.wanted = EM_OURS, .verb = EM_REMOVE};

    cases = 0;
    em_installed_machine();
    scenario.start = em_w.m;
    play_all(&scenario, "uninstall");
    scenario.start.object[EM_FENCE][1] = EM_BROKEN;
    scenario.start.object[EM_ACCOUNTS][0] = EM_NONE;
    play_all(&scenario, "uninstall of a damaged machine");
    printf("engine: uninstall: %zu injected failures and power losses\n", cases);
}
END_TEST

/* The power goes, and goes again while the damage is mended. */
static void play_twice(enum em_verb first, enum em_verb second, const struct em_machine *start)
{
    const struct scenario scenario = {.start = *start, .wanted = EM_OURS, .verb = first};
    struct sbx_engine_outcome outcome;
    size_t a;
    size_t b;

    for (a = 0;; a++) {
        struct em_machine left;

        em_w.m = *start;
        (void)!em_run(first, EM_POWER, a, &outcome);
        if (!em_w.struck)
            return;
        left = em_w.m;
        for (b = 0;; b += 3) {
            em_w.m = left;
            (void)!em_run(second, (a + b) % 2 ? EM_POWER : EM_POWER_AFTER, b, &outcome);
            if (!em_w.struck)
                break;
            cases++;
            ck_assert(!em_w.unsafe);
            check_recovery(&scenario, "twice", a * 1000 + b);
        }
    }
}

START_TEST(power__lost_twice__repairable)
{
    struct em_machine nothing;
    struct em_machine good;

    cases = 0;
    em_by_text = false;
    nothing = em_w.m;
    em_installed_machine();
    good = em_w.m;
    play_twice(EM_BUILD, EM_BUILD, &nothing);
    play_twice(EM_BUILD, EM_REMOVE, &nothing);
    play_twice(EM_REMOVE, EM_BUILD, &good);
    play_twice(EM_REMOVE, EM_REMOVE, &good);
    printf("engine: twice: %zu pairs of power losses\n", cases);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, em_setup, NULL);
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, install__any_call_fails__machine_as_before_or_repairable);
    tcase_add_test(tcase, second_operator__any_call_fails__repairable);
    tcase_add_test(tcase, repair__any_damage_and_any_call_fails__repairable);
    tcase_add_test(tcase, uninstall__any_call_fails__repairable);
    tcase_add_test(tcase, power__lost_twice__repairable);
}

UNIT_MAIN("engine_failures", add_tests)
