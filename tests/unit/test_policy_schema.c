/*
 * shared/schema/policy.schema.json says what the parser's table says: the same keys, words and
 * ranges, no more and no fewer. Run from the root of the tree, as tests/run does.
 */
#include "shared/core/policy_fields.h"

#include <stdio.h>

#include "shared/core/json.h"
#include "tests/support/unit.h"

#define SCHEMA "shared/schema/policy.schema.json"

static struct sbx_buf text;
static struct cJSON *doc;
static struct sbx_json_at root;

static void setup(void)
{
    struct sbx_error err;
    char block[4096];
    size_t n;
    FILE *file = fopen(SCHEMA, "rb");

    ck_assert_msg(file != NULL, "%s cannot be opened", SCHEMA);
    sbx_buf_init(&text, 1u << 20);
    while ((n = fread(block, 1, sizeof(block), file)) > 0)
        ck_assert_sbx_ok(sbx_buf_add(&text, block, n, &err), &err);
    fclose(file);
    ck_assert_sbx_ok(sbx_json_parse(text.data, text.length_bytes, NULL, &doc, &err), &err);
    ck_assert_sbx_ok(sbx_json_root_object(doc, &root, &err), &err);
}

static void teardown(void)
{
    sbx_json_free(doc);
    doc = NULL;
    sbx_buf_done(&text);
}

static struct sbx_json_at child(const struct sbx_json_at *at, const char *key)
{
    struct sbx_json_at result;
    struct sbx_error err;

    ck_assert_sbx_ok(sbx_json_get_object(at, key, &result, &err), &err);
    ck_assert_msg(result.item != NULL, "the schema has no '%s' in '%s'", key, at->path);
    return result;
}

/* "properties" of the root, or of a section. */
static struct sbx_json_at properties_of(const char *section)
{
    struct sbx_json_at properties = child(&root, "properties");

    if (!section[0])
        return properties;
    properties = child(&properties, section);
    return child(&properties, "properties");
}

static void assert_text(const struct sbx_json_at *at, const char *key, const char *expected)
{
    struct sbx_error err;
    const char *value = "";

    ck_assert_sbx_ok(sbx_json_get_string(at, key, 65536, &value, &err), &err);
    ck_assert_msg(
        !strcmp(value, expected), "'%s.%s' is '%s', not '%s'", at->path, key, value, expected);
}

static void assert_number(const struct sbx_json_at *at, const char *key, uint64_t expected)
{
    struct sbx_error err;
    int64_t value = -1;

    ck_assert_sbx_ok(sbx_json_get_int(at, key, 0, SBX_JSON_INT_MAX, &value, &err), &err);
    ck_assert_msg((uint64_t)value == expected, "'%s.%s' is %lld", at->path, key, (long long)value);
}

static void assert_words(const struct sbx_json_at *at, const char *const *words, size_t word_count)
{
    struct sbx_error err;
    const char **list = NULL;
    size_t count = 0, i;

    ck_assert_sbx_ok(sbx_json_get_string_list(at, "enum", 100, 100, &list, &count, &err), &err);
    ck_assert_msg(count == word_count, "'%s' has %zu words", at->path, count);
    for (i = 0; i < count; i++)
        ck_assert_str_eq(list[i], words[i]);
    free(list);
}

static const struct sbx_policy_field *field_at(int index)
{
    size_t count;
    const struct sbx_policy_field *fields = sbx_policy_fields(&count);

    return (size_t)index < count ? &fields[index] : NULL;
}

START_TEST(schema__each_field__is_described_as_it_is_parsed)
{
    const struct sbx_policy_field *field = field_at(_i);
    struct sbx_json_at section, at, items;

    section = properties_of(field->section);
    at = child(&section, field->key);
    switch (field->type) {
    case SBX_FIELD_ENUM:
        assert_words(&at, field->words, field->word_count);
        break;
    case SBX_FIELD_FLAG:
        assert_text(&at, "type", "boolean");
        break;
    case SBX_FIELD_NUMBER:
        assert_text(&at, "type", "integer");
        assert_number(&at, "minimum", field->min);
        assert_number(&at, "maximum", field->max);
        break;
    case SBX_FIELD_STRINGS:
        assert_text(&at, "type", "array");
        assert_number(&at, "maxItems", SBX_POLICY_MAX_LIST);
        items = child(&at, "items");
        assert_text(&items, "$ref",
            field->check == sbx_policy_check_path           ? "#/definitions/path"
            : field->check == sbx_policy_check_pattern_path ? "#/definitions/pattern"
            : field->check == sbx_policy_check_name         ? "#/definitions/name"
            : field->check == sbx_policy_check_domain       ? "#/definitions/domain"
                                                            : "#/definitions/variable");
        break;
    case SBX_FIELD_MAP:
        assert_text(&at, "type", "object");
        assert_number(&at, "maxProperties", SBX_POLICY_MAX_LIST);
        break;
    case SBX_FIELD_COMMANDS:
        assert_text(&at, "type", "array");
        break;
    }
}
END_TEST

static bool is_known(const char *section, const char *key)
{
    size_t count, i;
    const struct sbx_policy_field *fields = sbx_policy_fields(&count);

    for (i = 0; i < count; i++) {
        if (!strcmp(fields[i].section, section) && !strcmp(fields[i].key, key))
            return true;
        if (!section[0] && !strcmp(fields[i].section, key))
            return true;
    }
    return !section[0] && !strcmp(key, "$schema");
}

static void assert_closed(const struct sbx_json_at *object)
{
    struct sbx_error err;
    bool additional = true;

    ck_assert_sbx_ok(sbx_json_get_bool(object, "additionalProperties", &additional, &err), &err);
    ck_assert_msg(!additional, "'%s' lets unknown keys in", object->path);
}

START_TEST(schema__every_key_of_it__is_known_to_the_parser)
{
    struct sbx_json_at properties = properties_of(""), at = {0}, inner, key;
    const char *section;

    assert_closed(&root);
    while (sbx_json_next(&properties, &at)) {
        section = sbx_json_name(&at);
        ck_assert_msg(is_known("", section), "the parser does not know '%s'", section);
        if (is_known(section, "enabled") || sbx_json_has(&at, "properties")) {
            assert_closed(&at);
            inner = child(&at, "properties");
            memset(&key, 0, sizeof(key));
            while (sbx_json_next(&inner, &key))
                ck_assert_msg(is_known(section, sbx_json_name(&key)), "the parser knows no '%s.%s'",
                    section, sbx_json_name(&key));
        }
    }
}
END_TEST

START_TEST(schema__command_rule__has_the_words_of_the_parser)
{
    struct sbx_json_at rule = child(&root, "definitions"), properties, decision;

    rule = child(&rule, "rule");
    assert_closed(&rule);
    properties = child(&rule, "properties");
    ck_assert_uint_eq(sbx_json_count(&properties), 3);
    ck_assert(sbx_json_has(&properties, "match") && sbx_json_has(&properties, "reason"));
    decision = child(&properties, "decision");
    assert_words(&decision, sbx_policy_decision_words, countof(sbx_policy_decision_words));
}
END_TEST

static void add_tests(TCase *tcase)
{
    size_t count;

    sbx_policy_fields(&count);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, schema__each_field__is_described_as_it_is_parsed, 0, (int)count);
    tcase_add_test(tcase, schema__every_key_of_it__is_known_to_the_parser);
    tcase_add_test(tcase, schema__command_rule__has_the_words_of_the_parser);
}

UNIT_MAIN("policy_schema", add_tests)
