/* Questions about Windows paths in normal form. See winpath.h. */
#include "winpath.h"

#include "buf.h"
#include "utf.h"

/* "name\" at `at`: its length with the separator, or 0. */
static size_t root_part_bytes(const char *at)
{
    size_t length = strcspn(at, "\\");

    if (at[length] != '\\' || sbx_winpath_check_component(at, length, NULL) != SBX_OK)
        return 0;
    return length + 1;
}

static size_t volume_root_bytes(const char *path)
{
    size_t i;

    if (strncmp(path, "\\\\?\\Volume{", 11) != 0)
        return 0;
    for (i = 11; path[i] != '\\'; i++)
        if (path[i] >= 'A' && path[i] <= 'F')
            return 0;
    return i + 1;
}

size_t sbx_winpath_root_bytes(const char *path)
{
    size_t server, share;

    switch (sbx_winpath_classify(path)) {
    case SBX_WINPATH_DRIVE:
        return path[0] <= 'Z' && path[2] == '\\' ? 3 : 0;
    case SBX_WINPATH_UNC:
        if (path[0] != '\\' || path[1] != '\\')
            return 0;
        server = root_part_bytes(path + 2);
        share = server ? root_part_bytes(path + 2 + server) : 0;
        if (!share || sbx_winpath_is_pipe_share(path + 2 + server, share - 1))
            return 0;
        return 2 + server + share;
    case SBX_WINPATH_VOLUME:
        return volume_root_bytes(path);
    default:
        return 0;
    }
}

bool sbx_winpath_next(const char *path, const char **at, size_t *ret_length_bytes)
{
    const char *start;

    if (!*at) {
        size_t root = sbx_winpath_root_bytes(path);

        if (!root)
            return false;
        start = path + root;
    } else {
        start = *at + strcspn(*at, "\\");
        if (*start)
            start++;
    }
    if (!*start)
        return false;
    *at = start;
    *ret_length_bytes = strcspn(start, "\\");
    return true;
}

bool sbx_winpath_is_normal(const char *path)
{
    size_t root = sbx_winpath_root_bytes(path), total = strlen(path), length;
    const char *at = NULL;

    if (!root || sbx_utf8_cch(path, total) > SBX_WINPATH_MAX_CCH)
        return false;
    while (sbx_winpath_next(path, &at, &length))
        if (sbx_winpath_check_component(at, length, NULL) != SBX_OK)
            return false;
    return total == root || path[total - 1] != '\\';
}

bool sbx_winpath_components_equal(
    const char *a, size_t a_length_bytes, const char *b, size_t b_length_bytes)
{
    return sbx_utf_equal_ci_ascii_n(a, a_length_bytes, b, b_length_bytes);
}

/*
 * In normal form a component ends at a backslash or at the end and nowhere else, so a prefix that
 * ends there is a prefix of components: C:\root is no prefix of C:\rootx.
 */
bool sbx_winpath_is_inside(const char *root, const char *path)
{
    size_t length = strlen(root);

    if (!sbx_winpath_is_normal(root) || !sbx_winpath_is_normal(path) || strlen(path) < length)
        return false;
    if (!sbx_winpath_components_equal(root, length, path, length))
        return false;
    return root[length - 1] == '\\' || path[length] == '\\' || path[length] == '\0';
}

bool sbx_winpath_equal(const char *a, const char *b)
{
    return sbx_winpath_is_normal(a) && sbx_winpath_is_normal(b) && sbx_utf_equal_ci_ascii(a, b);
}

bool sbx_winpath_is_volume_root(const char *path)
{
    size_t root = sbx_winpath_root_bytes(path);

    return root && !path[root] && sbx_winpath_is_normal(path);
}

const char *sbx_winpath_base_name(const char *path)
{
    const char *last = strrchr(path, '\\');

    return last ? last + 1 : path;
}

const char *sbx_winpath_extension(const char *path)
{
    const char *name = sbx_winpath_base_name(path), *dot = strrchr(name, '.');

    return dot && dot != name ? dot : name + strlen(name);
}

enum sbx_status sbx_winpath_parent(const char *path, char **ret_parent, struct sbx_error *err)
{
    size_t root = sbx_winpath_root_bytes(path), length;
    enum sbx_status status;
    char *parent = NULL;

    if (!sbx_winpath_is_normal(path))
        return sbx_fail(err, SBX_INVALID, "not a path in normal form");
    if (!path[root])
        return sbx_fail(err, SBX_INVALID, "a volume root has no parent");
    status = sbx_strdup(path, &parent, err);
    if (status)
        return status;
    length = (size_t)(strrchr(parent, '\\') - parent);
    parent[length < root ? root : length] = '\0';
    *ret_parent = parent;
    return SBX_OK;
}

enum sbx_status sbx_winpath_join(
    const char *dir, const char *name, char **ret_path, struct sbx_error *err)
{
    size_t dir_bytes = strlen(dir), name_bytes = strlen(name), at = dir_bytes;
    enum sbx_status status;
    char *path = NULL;

    if (!sbx_winpath_is_normal(dir))
        return sbx_fail(err, SBX_INVALID, "not a path in normal form");
    status = sbx_winpath_check_component(name, name_bytes, err);
    if (status)
        return status;
    status = sbx_calloc(dir_bytes + name_bytes + 2, 1, &path, err);
    if (status)
        return status;
    memcpy(path, dir, dir_bytes);
    if (path[at - 1] != '\\')
        path[at++] = '\\';
    memcpy(path + at, name, name_bytes);
    if (sbx_utf8_cch(path, at + name_bytes) > SBX_WINPATH_MAX_CCH) {
        free(path);
        return sbx_fail(err, SBX_INVALID, "path longer than %u characters", SBX_WINPATH_MAX_CCH);
    }
    *ret_path = path;
    return SBX_OK;
}
