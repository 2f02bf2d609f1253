/* winpath: normal form is a fixed point, and "inside" agrees with a comparison of components. */
#include "shared/core/winpath.h"

#include "shared/core/utf.h"
#include "tests/fuzz/fuzz.h"

static void check_parts(const char *path)
{
    size_t length = 0, seen = sbx_winpath_root_bytes(path);
    const char *at = NULL;
    struct sbx_error err;
    char *parent = NULL, *joined = NULL;

    FUZZ_CHECK(seen >= 3);
    while (sbx_winpath_next(path, &at, &length)) {
        FUZZ_CHECK(sbx_winpath_check_component(at, length, &err) == SBX_OK);
        FUZZ_CHECK(length != 2 || memcmp(at, "..", 2) != 0);
        seen += length + (at[length] != '\0');
    }
    FUZZ_CHECK(seen == strlen(path));
    FUZZ_CHECK(sbx_winpath_is_volume_root(path) == (path[sbx_winpath_root_bytes(path)] == '\0'));
    if (sbx_winpath_is_volume_root(path))
        return;
    FUZZ_CHECK(sbx_winpath_parent(path, &parent, &err) == SBX_OK);
    FUZZ_CHECK(sbx_winpath_is_normal(parent));
    FUZZ_CHECK(sbx_winpath_is_inside(parent, path) && !sbx_winpath_is_inside(path, parent));
    FUZZ_CHECK(sbx_winpath_join(parent, sbx_winpath_base_name(path), &joined, &err) == SBX_OK);
    FUZZ_CHECK(strcmp(joined, path) == 0);
    free(parent);
    free(joined);
}

static void check_normalise(const char *text)
{
    char *path = NULL, *again = NULL;
    bool is_short = false, short_again = false;
    struct sbx_error err;

    if (sbx_winpath_normalise(text, &path, &is_short, &err) != SBX_OK) {
        FUZZ_CHECK(path == NULL && !sbx_winpath_is_normal(text));
        return;
    }
    FUZZ_CHECK(sbx_winpath_is_normal(path));
    FUZZ_CHECK(!strchr(path, '/') && strlen(path) <= strlen(text) + 1);
    FUZZ_CHECK(sbx_winpath_normalise(path, &again, &short_again, &err) == SBX_OK);
    FUZZ_CHECK(strcmp(path, again) == 0 && is_short == short_again);
    FUZZ_CHECK(sbx_winpath_is_inside(path, path) && sbx_winpath_equal(path, again));
    check_parts(path);
    free(path);
    free(again);
}

/* Independent of is_inside: same root, and the components of root come first. */
static bool inside_by_components(const char *root, const char *path)
{
    size_t root_bytes = sbx_winpath_root_bytes(root), path_bytes = sbx_winpath_root_bytes(path);
    const char *a = NULL, *b = NULL;
    size_t a_length, b_length;

    if (!sbx_utf_equal_ci_ascii_n(root, root_bytes, path, path_bytes))
        return false;
    while (sbx_winpath_next(root, &a, &a_length))
        if (!sbx_winpath_next(path, &b, &b_length) ||
            !sbx_winpath_components_equal(a, a_length, b, b_length))
            return false;
    return true;
}

static void check_pair(const char *root, const char *path)
{
    char *root_normal = NULL, *path_normal = NULL, *resolved = NULL;
    struct sbx_error err;

    FUZZ_CHECK(!sbx_winpath_is_inside(root, path) ||
               (sbx_winpath_is_normal(root) && sbx_winpath_is_normal(path)));
    if (sbx_winpath_normalise(root, &root_normal, NULL, &err) == SBX_OK) {
        if (sbx_winpath_normalise(path, &path_normal, NULL, &err) == SBX_OK)
            FUZZ_CHECK(sbx_winpath_is_inside(root_normal, path_normal) ==
                       inside_by_components(root_normal, path_normal));
        if (sbx_winpath_resolve(root_normal, path, &resolved, NULL, &err) == SBX_OK)
            FUZZ_CHECK(sbx_winpath_is_normal(resolved));
    }
    free(root_normal);
    free(path_normal);
    free(resolved);
}

/* One path, or two with a line end between them. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_string(data, size), *second = strchr(text, '\n');

    check_normalise(text);
    sbx_winpath_extension(text);
    if (second) {
        *second++ = '\0';
        check_normalise(text);
        check_normalise(second);
        check_pair(text, second);
    }
    free(text);
    return 0;
}
