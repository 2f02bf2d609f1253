/* See runas.h. */
#include "runas.h"

#include <shellapi.h>

#include "handle.h"
#include "late.h"
#include "wstr.h"

#include "../core/buf.h"
#include "../core/cmdline.h"
#include "../core/winpath.h"

/* https://learn.microsoft.com/windows/win32/debug/system-error-codes--1000-1299- */
#ifndef ERROR_ELEVATION_REQUIRED
#define ERROR_ELEVATION_REQUIRED 740L
#endif

struct strings {
    wchar_t *image_w, *parameters_w, *cwd_w;
};

/* The vector as the part of a command line that follows the program's name. */
static enum sbx_status join(
    const char *const *argv, size_t argc, char **ret_text, struct sbx_error *err)
{
    const char **all = NULL;
    const char *rest;
    char *line = NULL;
    size_t i;
    enum sbx_status status = sbx_calloc(argc + 1, sizeof(*all), &all, err);

    if (status)
        return status;
    all[0] = "x";
    for (i = 0; i < argc; i++)
        all[i + 1] = argv[i];
    status = sbx_cmdline_build(all, argc + 1, &line, err);
    if (!status) { /* the name has no blank, so the first one ends it */
        rest = strchr(line, ' ');
        status = sbx_strdup(rest ? rest + 1 : "", ret_text, err);
    }
    free(line);
    free(all);
    return status;
}

static enum sbx_status convert(const char *image, const char *const *argv, size_t argc,
    const char *cwd, struct strings *ret, struct sbx_error *err)
{
    char *parameters = NULL;
    enum sbx_status status = join(argv, argc, &parameters, err);

    if (!status)
        status = sbx_wstr_from_utf8(image, &ret->image_w, err);
    if (!status)
        status = sbx_wstr_from_utf8(parameters, &ret->parameters_w, err);
    if (!status)
        status = sbx_wstr_from_utf8(cwd, &ret->cwd_w, err);
    free(parameters);
    return status;
}

/* Each way in which the answer is No gets a sentence of its own. */
static enum sbx_status refuse(DWORD code, const char *image, struct sbx_error *err)
{
    enum sbx_status status =
        sbx_fail_win32(err, code, "start '%s' with administrator's rights", image);

    switch (code) {
    case ERROR_CANCELLED:
        status = SBX_CANCELLED;
        sbx_error_hint(err, "the prompt was answered with No or closed; run it again and allow it, "
                            "or have an administrator run it");
        break;
    case ERROR_ELEVATION_REQUIRED:
    case ERROR_ACCESS_DENIED:
        sbx_error_hint(
            err, "run it from an administrator's prompt, or ask IT to allow elevation requests");
        break;
    default:
        if (sbx_code_blocker(code))
            sbx_error_hint(err, "%s", sbx_code_blocker(code));
        break;
    }
    if (err)
        err->status = status;
    return status;
}

static enum sbx_status execute(
    const struct strings *strings, const char *image, struct sbx_runas *ret, struct sbx_error *err)
{
    SHELLEXECUTEINFOW info = {0};
    DWORD code;

    info.cbSize = sizeof(info);
    /* NOASYNC: this thread runs no message loop and may end soon. FLAG_NO_UI: errors come to us. */
    info.fMask = SEE_MASK_NOCLOSEPROCESS | SEE_MASK_NOASYNC | SEE_MASK_FLAG_NO_UI;
    info.hwnd = GetConsoleWindow(); /* the prompt comes to the front of the one who asked */
    info.lpVerb = L"runas";
    info.lpFile = strings->image_w;
    info.lpParameters = strings->parameters_w;
    info.lpDirectory = strings->cwd_w;
    info.nShow = SW_HIDE; /* a console program; what it says comes over the pipe */
    if (!ShellExecuteExW(&info)) {
        code = GetLastError();
        return refuse(code, image, err);
    }
    ret->process = info.hProcess;
    ret->pid = info.hProcess ? GetProcessId(info.hProcess) : 0;
    return SBX_OK;
}

enum sbx_status sbx_runas_start(const char *image, const char *const *argv, size_t argc,
    const char *cwd, struct sbx_runas *ret, struct sbx_error *err)
{
    /* The shell may hand the work to an extension, which expects COM on this thread. */
    sbx_late_fn_co_initialize_ex initialise = sbx_late_co_initialize_ex();
    sbx_late_fn_co_uninitialize uninitialise = sbx_late_co_uninitialize();
    struct strings strings = {0};
    enum sbx_status status;
    bool has_com;

    memset(ret, 0, sizeof(*ret));
    if (!sbx_winpath_is_normal(image) || !sbx_winpath_is_normal(cwd))
        return sbx_fail(err, SBX_INVALID, "'%s' is not the full path of a program", image);
    status = convert(image, argv, argc, cwd, &strings, err);
    if (!status) {
        has_com = initialise && uninitialise &&
                  SUCCEEDED(initialise(NULL, 0x2 | 0x4)); /* APARTMENTTHREADED, DISABLE_OLE1DDE */
        status = execute(&strings, image, ret, err);
        if (has_com)
            uninitialise();
    }
    free(strings.image_w);
    free(strings.parameters_w);
    free(strings.cwd_w);
    return status;
}

void sbx_runas_close(struct sbx_runas *runas)
{
    if (!runas)
        return;
    sbx_handle_close(&runas->process);
    runas->pid = 0;
}
