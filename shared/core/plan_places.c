/*
 * Places that may never be writable for a sandboxed command (design 4), by path.
 *
 * The paths compared are final paths by handle on both sides, so links, subst drives and 8.3 names
 * are resolved before they come here.
 */
#include "plan_parts.h"

#include "winpath.h"

/* How a root may lie relative to a place. */
enum relation {
    AT = 1,     /* is the place */
    ABOVE = 2,  /* contains it */
    INSIDE = 4, /* lies in it */
    AROUND = AT | ABOVE,
    ALL = AT | ABOVE | INSIDE
};

static bool lies(const char *root, const char *place, int relations)
{
    if (!place)
        return false;
    if (sbx_winpath_equal(root, place))
        return (relations & AT) != 0;
    if (sbx_winpath_is_inside(root, place))
        return (relations & ABOVE) != 0;
    return (relations & INSIDE) != 0 && sbx_winpath_is_inside(place, root);
}

/* Like lies(), for a folder that is known by its name below another. */
static bool lies_below(const char *root, const char *parent, const char *name, int relations)
{
    char *place = NULL;
    bool result;

    if (!parent || sbx_winpath_join(parent, name, &place, NULL))
        return false;
    result = lies(root, place, relations);
    free(place);
    return result;
}

/* True when `path` is a direct child of `parent`. */
static bool is_child(const char *path, const char *parent)
{
    char *up = NULL;
    bool result;

    if (!parent || sbx_winpath_parent(path, &up, NULL))
        return false;
    result = sbx_winpath_equal(up, parent);
    free(up);
    return result;
}

/* AppData is where Roaming lies; the folder itself has no name of its own in the shell. */
static bool is_app_data(const struct sbx_facts *facts, const char *path)
{
    const char *const parts[] = {facts->app_data, facts->local_app_data};
    bool result = false;
    size_t i;

    for (i = 0; !result && i < countof(parts); i++) {
        char *parent = NULL;

        if (!parts[i])
            continue;
        result = lies(path, parts[i], AROUND);
        /* Folder redirection may put Roaming on its own drive: a volume root has no siblings. */
        if (!result && !sbx_winpath_parent(parts[i], &parent, NULL))
            result = !sbx_winpath_is_volume_root(parent) &&
                     (lies(path, parent, AROUND) || is_child(path, parent));
        free(parent);
    }
    return result;
}

static bool is_on_path(const struct sbx_facts *facts, const char *path)
{
    size_t i;

    for (i = 0; i < facts->path_count; i++)
        if (facts->path_directories[i] && sbx_winpath_equal(path, facts->path_directories[i]))
            return true;
    return false;
}

enum use { TO_READ, TO_WRITE };

/*
 * Wide places first: the first rule that fits is the one that is told. Places from which programs
 * are started matter to who may write there, and to nobody else.
 */
static const char *forbidden(const struct sbx_facts *facts, const char *path, enum use use)
{
    if (sbx_winpath_is_volume_root(path))
        return "is the root of a volume";
    if (lies(path, facts->system_root, ALL))
        return "is, contains or lies in the Windows folder";
    if (lies(path, facts->program_files, ALL) || lies(path, facts->program_files_x86, ALL))
        return "is, contains or lies in Program Files";
    if (lies(path, facts->profiles_directory, AROUND))
        return "is or contains the folder of all user profiles";
    if (lies(path, facts->profile, AROUND) || is_child(path, facts->profiles_directory))
        return "is a whole user profile";
    if (is_app_data(facts, path))
        return "is AppData or a direct part of it";
    if (use == TO_WRITE && lies(path, facts->startup, ALL))
        return "is, contains or lies in a Startup folder, whose programs run at logon";
    if (use == TO_WRITE && (lies(path, facts->documents, AT) ||
                               lies_below(path, facts->documents, "PowerShell", ALL) ||
                               lies_below(path, facts->documents, "WindowsPowerShell", ALL)))
        return "is, contains or lies in a PowerShell profile folder";
    if (lies(path, facts->program_data, AROUND))
        return "is or contains ProgramData";
    if (use == TO_WRITE && lies_below(path, facts->program_data, "Microsoft", ALL))
        return "contains or lies in ProgramData\\Microsoft, from where programs run at logon";
    if (use == TO_WRITE && lies(path, facts->own_directory, ALL))
        return "contains or lies in the folder of agent.exe";
    if (lies(path, facts->state_directory, ALL) ||
        lies_below(path, facts->program_data, "AgentSandbox", ALL))
        return "contains or lies in the sandbox's own state";
    if (use == TO_WRITE && is_on_path(facts, path))
        return "is on PATH, where programs are started by name";
    return NULL;
}

const char *sbx_plan_forbidden_place(const struct sbx_facts *facts, const char *path)
{
    return forbidden(facts, path, TO_WRITE);
}

/*
 * Never a whole profile, nor AppData or one of its direct parts, nor our own state. What every user
 * may read anyway (Windows, Program Files) needs no entry of ours, and we could not write one.
 */
const char *sbx_plan_forbidden_read(const struct sbx_facts *facts, const char *path)
{
    return forbidden(facts, path, TO_READ);
}

/*
 * The comparisons above say false for a path that is not in normal form. A place that is not
 * would forbid nothing, so it is an error instead.
 */
enum sbx_status sbx_plan_check_places(const struct sbx_facts *facts, struct sbx_error *err)
{
    const char *const places[] = {facts->system_root, facts->program_files,
        facts->program_files_x86, facts->program_data, facts->profile, facts->profiles_directory,
        facts->app_data, facts->local_app_data, facts->startup, facts->documents,
        facts->own_directory, facts->state_directory};
    size_t i;

    for (i = 0; i < countof(places); i++)
        if (places[i] && !sbx_winpath_is_normal(places[i]))
            return sbx_fail(
                err, SBX_INTERNAL, "the fact '%s' is not a path in normal form", places[i]);
    return SBX_OK;
}
