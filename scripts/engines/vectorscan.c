/* vectorscan (or hyperscan) over the needles and texts of benches/engines: `scripts/engines.sh`.
 *
 *   vectorscan FOLDER whole|events every|once
 *
 * FOLDER has `needles` (how many needles and clauses; then a needle a line, in hexadecimal, how many
 * clauses it has, and those), `text`, and `events` (where each starts and ends, 64 bits each).
 * Prints its name, then the nanoseconds to compile and the bytes of the database. For every line
 * of the standard input it goes over the text once and prints the nanoseconds of its thread and
 * the answer: how often each needle is in the whole text, or for each event one number for the
 * clauses that hold in it (`Clauses::digest`). With `once` each needle is told of once an event. */
#include <hs/hs.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static unsigned needles, clauses, words;
static char **needle;
static size_t *length;
static unsigned **clauses_of, *count_of;
static uint64_t *counts, *known, *seen;

static void fail(const char *why) {
    fprintf(stderr, "vectorscan: %s\n", why);
    exit(1);
}

static void *room(size_t size) {
    void *at = calloc(size ? size : 1, 1);
    if (!at) fail("no memory");
    return at;
}

static FILE *open_in(const char *folder, const char *name) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (!file) fail(path);
    return file;
}

static char *read_all(const char *folder, const char *name, size_t *size) {
    FILE *file = open_in(folder, name);
    fseek(file, 0, SEEK_END);
    *size = (size_t)ftell(file);
    rewind(file);
    char *bytes = room(*size);
    if (fread(bytes, 1, *size, file) != *size) fail(name);
    fclose(file);
    return bytes;
}

static void read_needles(const char *folder) {
    FILE *file = open_in(folder, "needles");
    if (fscanf(file, "%u %u", &needles, &clauses) != 2) fail("needles");
    words = (clauses + 63) / 64;
    needle = room(needles * sizeof *needle);
    length = room(needles * sizeof *length);
    clauses_of = room(needles * sizeof *clauses_of);
    count_of = room(needles * sizeof *count_of);
    char digits[1024];
    for (unsigned n = 0; n < needles; n++) {
        if (fscanf(file, "%1023s %u", digits, &count_of[n]) != 2) fail("needles");
        length[n] = strlen(digits) / 2;
        needle[n] = room(length[n]);
        for (size_t at = 0; at < length[n]; at++) {
            unsigned byte;
            sscanf(digits + 2 * at, "%2x", &byte);
            needle[n][at] = (char)byte;
        }
        clauses_of[n] = room(count_of[n] * sizeof **clauses_of);
        for (unsigned c = 0; c < count_of[n]; c++)
            if (fscanf(file, "%u", &clauses_of[n][c]) != 1) fail("needles");
    }
    fclose(file);
}

static int count_hit(unsigned id, unsigned long long from, unsigned long long to, unsigned flags,
                     void *context) {
    (void)from, (void)to, (void)flags, (void)context;
    counts[id]++;
    return 0;
}

static int mark_clauses(unsigned id, unsigned long long from, unsigned long long to,
                        unsigned flags, void *context) {
    (void)from, (void)to, (void)flags, (void)context;
    uint64_t bit = 1ull << (id % 64);
    if (known[id / 64] & bit) return 0;
    known[id / 64] |= bit;
    for (unsigned c = 0; c < count_of[id]; c++)
        seen[clauses_of[id][c] / 64] |= 1ull << (clauses_of[id][c] % 64);
    return 0;
}

static uint64_t digest(void) {
    uint64_t hash = 0xcbf29ce484222325ull;
    for (unsigned at = 0; at < words; at++) hash = (hash ^ seen[at]) * 0x0100000001b3ull;
    return hash;
}

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (uint64_t)time.tv_sec * 1000000000ull + (uint64_t)time.tv_nsec;
}

static hs_database_t *compile(int once) {
    unsigned *flags = room(needles * sizeof *flags), *ids = room(needles * sizeof *ids);
    for (unsigned n = 0; n < needles; n++) {
        flags[n] = HS_FLAG_CASELESS | (once ? HS_FLAG_SINGLEMATCH : 0);
        ids[n] = n;
    }
    hs_platform_info_t platform;
    if (hs_populate_platform(&platform) != HS_SUCCESS) fail("hs_populate_platform");
    hs_database_t *database;
    hs_compile_error_t *error;
    if (hs_compile_lit_multi((const char *const *)needle, flags, ids, length, needles,
                             HS_MODE_BLOCK, &platform, &database, &error) != HS_SUCCESS)
        fail(error->message);
    return database;
}

int main(int argc, char **argv) {
    if (argc != 4) fail("FOLDER whole|events every|once");
    int by_event = !strcmp(argv[2], "events"), once = !strcmp(argv[3], "once");
    read_needles(argv[1]);
    size_t size, ends;
    char *text = read_all(argv[1], "text", &size);
    uint64_t *event = (uint64_t *)read_all(argv[1], "events", &ends);
    size_t events = ends / 16;

    uint64_t before = now();
    hs_database_t *database = compile(once);
    uint64_t took = now() - before;
    hs_scratch_t *scratch = NULL;
    size_t memory;
    char *info;
    if (hs_alloc_scratch(database, &scratch) != HS_SUCCESS) fail("hs_alloc_scratch");
    if (hs_database_size(database, &memory) != HS_SUCCESS) fail("hs_database_size");
    if (hs_database_info(database, &info) != HS_SUCCESS) fail("hs_database_info");
    fprintf(stderr, "vectorscan %s: %s\n", hs_version(), info);
    printf("vectorscan %.*s%s\n%llu %zu\n", (int)strcspn(hs_version(), " "), hs_version(),
           once ? ", each once" : "", (unsigned long long)took, memory);
    fflush(stdout);

    counts = room(needles * sizeof *counts);
    size_t needle_words = (needles + 63) / 64;
    known = room(needle_words * sizeof *known);
    seen = room(words * sizeof *seen);
    uint64_t *answer = room(events * sizeof *answer);
    for (int line; (line = getchar()) != EOF;) {
        before = now();
        if (by_event) {
            for (size_t at = 0; at < events; at++) {
                memset(known, 0, needle_words * sizeof *known);
                memset(seen, 0, words * sizeof *seen);
                uint64_t start = event[2 * at], end = event[2 * at + 1];
                if (hs_scan(database, text + start, (unsigned)(end - start), 0, scratch,
                            mark_clauses, NULL) != HS_SUCCESS)
                    fail("hs_scan");
                answer[at] = digest();
            }
        } else {
            memset(counts, 0, needles * sizeof *counts);
            if (hs_scan(database, text, (unsigned)size, 0, scratch, count_hit, NULL) != HS_SUCCESS)
                fail("hs_scan");
        }
        printf("%llu", (unsigned long long)(now() - before));
        size_t numbers = by_event ? events : needles;
        for (size_t at = 0; at < numbers; at++)
            printf(" %llu", (unsigned long long)(by_event ? answer[at] : counts[at]));
        putchar('\n');
        fflush(stdout);
    }
    return 0;
}
