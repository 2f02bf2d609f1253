/* See resolve.h. */
#include "resolve.h"

#include "follow.h"
#include "shared/core/cmdline.h"
#include "shared/core/utf.h"
#include "shared/core/winpath.h"
#include "shared/win/handle.h"
#include "shared/win/known.h"

/* What CreateProcess can start, in the order of Windows's default PATHEXT. */
static const char *const extensions[] = {".com", ".exe", ".bat", ".cmd"};

static bool is_startable(const char *path)
{
    const char *extension = sbx_winpath_extension(path);
    size_t i;

    for (i = 0; i < countof(extensions); i++)
        if (sbx_utf_equal_ci_ascii(extension, extensions[i]))
            return true;
    return false;
}

static bool has_component(const char *path, const char *name)
{
    const char *at = NULL;
    size_t length = 0;

    while (sbx_winpath_next(path, &at, &length))
        if (sbx_winpath_components_equal(at, length, name, strlen(name)))
            return true;
    return false;
}

/* Is this file a program that can be started? SBX_NOT_FOUND lets the search go on. */
static enum sbx_status try_path(const char *path, struct sbx_error *err)
{
    enum sbx_status status;
    struct sbx_file_type type;
    HANDLE handle = NULL;
    char *final = NULL;

    status = sbx_follow_open(path, 0, &handle, &final, err);
    if (status) {
        /* 1920: an app execution alias, a reparse point that only CreateProcess understands */
        if (err->domain == SBX_DOMAIN_WIN32 && err->code == ERROR_CANT_ACCESS_FILE)
            sbx_error_hint(err, "this is a Microsoft Store alias; install the program itself");
        else if (status == SBX_INVALID)
            status = sbx_fail(err, SBX_NOT_FOUND, "'%s' does not exist", path);
        goto cleanup;
    }
    status = sbx_file_get_type(handle, &type, err);
    if (status)
        goto cleanup;
    if (type.is_directory)
        status = sbx_fail(err, SBX_DENIED, "'%s' is a directory, not a program", path);
    else if (has_component(final, "WindowsApps")) {
        status = sbx_fail(err, SBX_DENIED, "'%s' is a Microsoft Store program", path);
        sbx_error_hint(err, "packaged programs do not start in a sandbox; install the desktop one");
    }
cleanup:
    free(final);
    sbx_handle_close(&handle);
    return status;
}

/*
 * One candidate name in one directory: as it is when its extension can be started, else with each
 * extension appended. `base` is normal without the extension question.
 */
static enum sbx_status try_name(const char *base, char **ret_image, struct sbx_error *err)
{
    enum sbx_status status = SBX_NOT_FOUND, first = SBX_OK;
    struct sbx_buf name;
    struct sbx_error first_error;
    size_t i;

    sbx_buf_init(&name, SBX_POLICY_MAX_TEXT);
    if (is_startable(base)) {
        status = try_path(base, err);
        if (!status)
            status = sbx_strdup(base, ret_image, err);
        return status;
    }
    for (i = 0; i < countof(extensions); i++) {
        sbx_buf_clear(&name);
        status = sbx_buf_printf(&name, err, "%s%s", base, extensions[i]);
        if (!status)
            status = try_path(name.data, err);
        if (!status) {
            status = sbx_buf_steal(&name, ret_image, err);
            break;
        }
        /* An alias beside a real program elsewhere: remember the reason, go on. */
        if (status != SBX_NOT_FOUND && !first) {
            first = status;
            first_error = *err;
        }
        status = SBX_NOT_FOUND;
    }
    sbx_buf_done(&name);
    if (status == SBX_NOT_FOUND && first) {
        *err = first_error;
        return first;
    }
    return status;
}

static enum sbx_status search_path(
    const char *name, const char *search, char **ret_image, struct sbx_error *err)
{
    enum sbx_status status = SBX_NOT_FOUND, refused = SBX_OK;
    struct sbx_error refused_error;
    struct sbx_buf directory;

    sbx_buf_init(&directory, SBX_POLICY_MAX_TEXT);
    while (search && *search) {
        size_t length = strcspn(search, ";");
        char *normal = NULL, *base = NULL;

        sbx_buf_clear(&directory);
        status = sbx_buf_add(&directory, search, length, err);
        search += length + (search[length] == ';');
        /* Quotes around an entry are an old habit that cmd.exe honours. */
        if (!status && length >= 2 && directory.data[0] == '"' &&
            directory.data[length - 1] == '"') {
            memmove(directory.data, directory.data + 1, length - 2);
            directory.data[length - 2] = '\0';
        }
        if (!status && directory.data)
            status = sbx_winpath_normalise(directory.data, &normal, NULL, err);
        if (!status && normal)
            status = sbx_winpath_join(normal, name, &base, err);
        if (!status && base)
            status = try_name(base, ret_image, err);
        else
            status = SBX_NOT_FOUND; /* relative, empty or odd entries are not searched */
        free(normal);
        free(base);
        if (!status)
            break;
        if (status != SBX_NOT_FOUND && !refused) {
            refused = status;
            refused_error = *err;
        }
    }
    sbx_buf_done(&directory);
    if (status && refused) {
        *err = refused_error;
        return refused;
    }
    return status;
}

static enum sbx_status find_image(
    const char *name, const char *cwd, const char *search, char **ret_image, struct sbx_error *err)
{
    enum sbx_status status;
    char *path = NULL;

    if (!*name)
        return sbx_fail(err, SBX_NOT_FOUND, "the program's name is empty");
    if (!strpbrk(name, "\\/:")) {
        status = search_path(name, search, ret_image, err);
        if (status == SBX_NOT_FOUND) {
            status = sbx_fail(err, SBX_NOT_FOUND, "program '%s' was not found on PATH", name);
            sbx_error_hint(
                err, "the working directory is not searched; write .\\%s for a file there", name);
        }
        return status;
    }
    status = sbx_winpath_resolve(cwd, name, &path, NULL, err);
    if (status)
        return status;
    status = try_name(path, ret_image, err);
    if (status == SBX_NOT_FOUND) {
        /* The name as it is may be a directory, or a file that is no program. */
        status = try_path(path, err);
        if (!status) {
            status = sbx_fail(err, SBX_DENIED, "'%s' is not a program", path);
            sbx_error_hint(err, "only .com, .exe, .bat and .cmd can be started; name its "
                                "interpreter");
        } else if (status == SBX_NOT_FOUND) {
            status = sbx_fail(err, SBX_NOT_FOUND, "program '%s' does not exist", path);
        }
    }
    free(path);
    return status;
}

static enum sbx_status system_cmd(char **ret_path, struct sbx_error *err)
{
    enum sbx_status status;
    char *system = NULL, *normal = NULL;

    status = sbx_known_folder(SBX_KNOWN_SYSTEM, &system, err);
    if (!status)
        status = sbx_winpath_normalise(system, &normal, NULL, err);
    if (!status)
        status = sbx_winpath_join(normal, "cmd.exe", ret_path, err);
    free(system);
    free(normal);
    return status;
}

/* `cmd /c LINE` with one LINE: the caller wants the shell to read LINE as it stands. */
static bool is_shell_line(const char *image, const char *const *argv, size_t argc)
{
    return argc == 3 && sbx_utf_equal_ci_ascii(sbx_winpath_base_name(image), "cmd.exe") &&
           sbx_utf_equal_ci_ascii(argv[1], "/c");
}

static enum sbx_status make_command_line(struct sbx_program *program, struct sbx_error *err)
{
    const char *const *argv = (const char *const *)program->argv.items;
    size_t argc = program->argv.count;
    enum sbx_status status;
    char *cmd = NULL;

    if (is_shell_line(program->image, argv, argc))
        return sbx_cmdline_for_shell_line(program->image, argv[2], &program->command_line, err);
    if (!sbx_cmdline_is_batch(program->image))
        return SBX_OK;
    status = system_cmd(&cmd, err);
    if (!status)
        status = sbx_cmdline_for_cmd_exe(
            cmd, program->image, argv + 1, argc - 1, &program->command_line, err);
    if (status) {
        sbx_error_hint(err, "a batch file cannot receive this exactly; call its program instead");
        free(cmd);
        return status;
    }
    free(program->image);
    program->image = cmd;
    return SBX_OK;
}

enum sbx_status sbx_program_resolve(const char *const *argv, size_t argc, const char *cwd,
    const char *search, struct sbx_program *ret_program, struct sbx_error *err)
{
    enum sbx_status status;
    size_t i;

    memset(ret_program, 0, sizeof(*ret_program));
    status = find_image(argv[0], cwd, search, &ret_program->image, err);
    for (i = 0; !status && i < argc; i++)
        status = sbx_strings_add(&ret_program->argv, argv[i], err);
    if (!status)
        status = make_command_line(ret_program, err);
    if (status)
        sbx_program_done(ret_program);
    return status;
}

void sbx_program_done(struct sbx_program *program)
{
    free(program->image);
    free(program->command_line);
    sbx_strings_done(&program->argv);
    memset(program, 0, sizeof(*program));
}
