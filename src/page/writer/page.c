// Writes a page: the template of the build, with the data of maps and policies at its mark.
#include "imprint/page.h"

#include <stdlib.h>
#include <string.h>

#include "base/common/try.h"
#include "base/io/file.h"
#include "base/text/text_stream.h"
#include "page/writer/page_data.h"
#include "page/writer/page_payload.h"
#include "page/writer/template.h"

enum { PAGE_COOKIE = 0x9A6E };

imp_page_def imp_default_page_def(void)
{
    imp_env_def env = imp_default_env_def();
    env.max_steps = 9000; // five minutes: people take their time
    return (imp_page_def){
        .title = "imprint",
        .env = env,
        .randomize = "none",
        .cookie = PAGE_COOKIE,
    };
}

bool imp_page_is_available(void)
{
    return imp_page_template_length > 0;
}

// Checks what the data do not check themselves.
static imp_status check_page_def(const imp_page_def *def, imp_error *err)
{
    imp_randomization words = imp_randomization_none();
    if (def->cookie != PAGE_COOKIE)
        return imp_fail(err, IMP_USAGE,
                        "a page's definition must come from imp_default_page_def()");
    if (!imp_page_is_available())
        return imp_add_hint(
            err, IMP_HINT_BUILD_PAGE,
            imp_fail(err, IMP_USAGE,
                     "this build cannot write pages, because it had no compiler for WebAssembly: "
                     "install clang, lld, wasi-libc and libclang-rt-dev-wasm32, and build again"));
    if (def->policy_count < 0 || def->policy_count > IMP_PAGE_POLICIES_MAX)
        return imp_fail(err, IMP_USAGE, "a page holds at most %d policies, not %d",
                        IMP_PAGE_POLICIES_MAX, def->policy_count);
    if (def->episode_count < 0 || def->episode_count > IMP_PAGE_EPISODES_MAX)
        return imp_fail(err, IMP_USAGE, "a page holds at most %d episodes, not %d",
                        IMP_PAGE_EPISODES_MAX, def->episode_count);
    return imp_randomization_parse_list(&words, def->randomize, err);
}

// Writes the data, packed.
static imp_status write_payload(FILE *out, const imp_page_def *def, imp_error *err)
{
    const imp_network *networks[IMP_PAGE_POLICIES_MAX];
    imp_text_stream json;
    IMP_TRY(imp_text_stream_open(&json, "a page", err));
    imp_status status = imp_page_write_data(json.out, def, err);
    if (status != IMP_OK) {
        imp_text_stream_discard(&json);
        return status;
    }
    IMP_TRY(imp_text_stream_close(&json, "a page", err));
    for (int k = 0; k < def->policy_count; k++)
        networks[k] = imp_policy_factory_network(def->policies[k]);
    status = imp_page_write_payload(out, json.bytes, json.length, networks, def->policy_count, err);
    free(json.bytes);
    return status;
}

// Writes the template up to the mark, the data, and the rest.
static imp_status write_template_and_data(FILE *out, const imp_page_def *def, imp_error *err)
{
    const unsigned char *template = imp_page_template;
    const size_t length = imp_page_template_length, mark_length = strlen(IMP_PAGE_DATA_MARK);
    const unsigned char *mark = memmem(template, length, IMP_PAGE_DATA_MARK, mark_length);
    if (mark == NULL)
        return imp_fail(err, IMP_INTERNAL, "the template of pages has no place for data");
    fwrite(template, 1, (size_t)(mark - template), out);
    IMP_TRY(write_payload(out, def, err));
    mark += mark_length;
    fwrite(mark, 1, (size_t)(template + length - mark), out);
    return IMP_OK;
}

imp_status imp_page_write(const char *path, const imp_page_def *def, imp_error *err)
{
    imp_text_stream text;
    IMP_TRY(check_page_def(def, err));
    IMP_TRY(imp_text_stream_open(&text, "a page", err));
    imp_status status = write_template_and_data(text.out, def, err);
    if (status != IMP_OK) {
        imp_text_stream_discard(&text);
        return status;
    }
    IMP_TRY(imp_text_stream_close(&text, "a page", err));
    status = imp_file_write(path, text.bytes, text.length, err);
    free(text.bytes);
    return status;
}
