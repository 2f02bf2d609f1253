/* Text: UTF-8 inside, UTF-16 at the edge, and a command line writer of the suite's own. */
#include "suite.h"

static void *need(void *memory)
{
    if (!memory)
        ExitProcess(3);
    return memory;
}

char *f(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    int length = vsnprintf(NULL, 0, format, list);
    va_end(list);
    char *text = need(malloc((size_t)length + 1));
    va_start(list, format);
    vsnprintf(text, (size_t)length + 1, format, list);
    va_end(list);
    return text;
}

/* Lenient on purpose: a surrogate encoded as three bytes becomes that surrogate. */
wchar_t *w(const char *text)
{
    const unsigned char *s = (const unsigned char *)text;
    size_t length = strlen(text), n = 0;
    wchar_t *out = need(malloc((length + 1) * sizeof(wchar_t)));
    while (*s) {
        uint32_t c = *s++;
        int more = c >= 0xF0 ? 3 : c >= 0xE0 ? 2 : c >= 0xC0 ? 1 : 0;
        if (more)
            c &= 0x3Fu >> more;
        for (; more > 0 && (*s & 0xC0) == 0x80; more--)
            c = c << 6 | (*s++ & 0x3Fu);
        if (c >= 0x10000) {
            c -= 0x10000;
            out[n++] = (wchar_t)(0xD800 + (c >> 10));
            out[n++] = (wchar_t)(0xDC00 + (c & 0x3FF));
        } else {
            out[n++] = (wchar_t)c;
        }
    }
    out[n] = 0;
    return out;
}

char *u_n(const wchar_t *text, size_t count)
{
    char *out = need(malloc(count * 3 + 1)), *p = out;
    for (size_t i = 0; i < count; i++) {
        uint32_t c = text[i];
        if (c >= 0xD800 && c < 0xDC00 && i + 1 < count && text[i + 1] >= 0xDC00 &&
            text[i + 1] < 0xE000)
            c = 0x10000 + ((c - 0xD800) << 10) + ((uint32_t)text[++i] - 0xDC00);
        if (c < 0x80) {
            *p++ = (char)c;
        } else if (c < 0x800) {
            *p++ = (char)(0xC0 | c >> 6);
            *p++ = (char)(0x80 | (c & 0x3F));
        } else if (c < 0x10000) {
            *p++ = (char)(0xE0 | c >> 12);
            *p++ = (char)(0x80 | (c >> 6 & 0x3F));
            *p++ = (char)(0x80 | (c & 0x3F));
        } else {
            *p++ = (char)(0xF0 | c >> 18);
            *p++ = (char)(0x80 | (c >> 12 & 0x3F));
            *p++ = (char)(0x80 | (c >> 6 & 0x3F));
            *p++ = (char)(0x80 | (c & 0x3F));
        }
    }
    *p = 0;
    return out;
}

char *u(const wchar_t *text)
{
    return u_n(text, wcslen(text));
}

void quote_argument(char **line, const char *argument)
{
    size_t old = *line ? strlen(*line) : 0, slashes = 0;
    char *out = need(malloc(old + strlen(argument) * 2 + 4)), *p = out + old;
    if (*line)
        memcpy(out, *line, old);
    if (old)
        *p++ = ' ';
    bool quote = !*argument || strpbrk(argument, " \t\n\v\"");
    if (quote)
        *p++ = '"';
    for (const char *s = argument; *s; s++) {
        if (*s == '\\') {
            slashes++;
        } else {
            if (*s == '"')
                for (slashes++; slashes; slashes--)
                    *p++ = '\\';
            slashes = 0;
        }
        *p++ = *s;
    }
    if (quote) {
        for (; slashes; slashes--)
            *p++ = '\\';
        *p++ = '"';
    }
    *p = 0;
    free(*line);
    *line = out;
}
