/* The files of the benchmark, on standard output; the same arguments give the same bytes.
 *
 *   generate g1 ROWS GROUPS MISSING   the group-by table of db-benchmark; MISSING percent of all values are empty
 *   generate j1 ROWS                  the left table of the joins of db-benchmark
 *   generate j1 ROWS SIZE             what is joined to it, by the size of it: small, medium, big
 *   generate students ROWS            student records: quoted names with commas, UTF-8, empty values, twelve columns
 *
 * db-benchmark: https://github.com/h2oai/db-benchmark, _data/groupby-datagen.R and _data/join-datagen.R. */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Chance: splitmix64 ---- */

static uint64_t state = 108;

static uint64_t chance(void) {
  uint64_t x = state += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

/* 0 .. n-1 */
static uint32_t below(uint32_t n) {
  return (uint32_t)(((chance() >> 32) * n) >> 32);
}

/* 0 <= x < 1 */
static double uniform(void) {
  return (double)(chance() >> 11) * 0x1p-53;
}

/* The running sums of weights, for pick. */
static void accumulate(double *weights, int count) {
  for (int i = 1; i < count; i++) weights[i] += weights[i - 1];
}

/* 0 .. count-1, each as often as its weight says. */
static int pick(const double *sums, int count) {
  double x = uniform() * sums[count - 1];
  int low = 0, high = count - 1;
  while (low < high) {
    int middle = (low + high) / 2;
    if (x < sums[middle]) high = middle;
    else low = middle + 1;
  }
  return low;
}

/* ---- Writing: no printf, or making the files takes longer than the benchmark ---- */

static char out[1 << 20];
static size_t used;

static void flush(void) {
  if (fwrite(out, 1, used, stdout) != used) {
    perror("generate");
    exit(1);
  }
  used = 0;
}

static void byte(char c) {
  out[used++] = c;
}

static void text(const char *s) {
  while (*s) byte(*s++);
}

/* At least `width` digits. */
static void number(uint64_t n, int width) {
  char digits[20];
  int count = 0;
  do digits[count++] = (char)('0' + n % 10);
  while ((n /= 10) > 0);
  while (width-- > count) byte('0');
  while (count > 0) byte(digits[--count]);
}

/* millionths / 1,000,000, without zeros at the end. */
static void decimal(uint64_t millionths) {
  number(millionths / 1000000, 1);
  if (millionths % 1000000 == 0) return;
  byte('.');
  number(millionths % 1000000, 6);
  while (out[used - 1] == '0') used--;
}

/* The end of a value. */
static void end(char separator) {
  byte(separator);
  if (separator == '\n' && used > sizeof out - 4096) flush();
}

/* ---- db-benchmark ---- */

static void group_table(uint64_t rows, uint32_t groups, uint32_t missing) {
  uint32_t small = (uint32_t)(rows / groups);
  text("id1,id2,id3,id4,id5,id6,v1,v2,v3\n");
  for (uint64_t row = 0; row < rows; row++) {
    for (int column = 1; column <= 9; column++) {
      if (missing == 0 || below(100) >= missing) {
        switch (column) {
          case 1: case 2: text("id"), number(1 + below(groups), 3); break;
          case 3: text("id"), number(1 + below(small), 10); break;
          case 4: case 5: number(1 + below(groups), 1); break;
          case 6: number(1 + below(small), 1); break;
          case 7: number(1 + below(5), 1); break;
          case 8: number(1 + below(15), 1); break;
          default: decimal(below(100000001));
        }
      }
      end(column < 9 ? ',' : '\n');
    }
  }
}

/* The keys of a column in both tables: of the numbers 1 .. 1.1 n, shuffled, the first n are those of the left table; it shares
 * all but its last tenth with the right one, which has those behind them for it. */
static uint32_t *shuffled_keys(uint32_t n) {
  uint32_t all = n + n / 10;
  uint32_t *keys = malloc(all * sizeof *keys);
  if (keys == NULL) exit(1);
  for (uint32_t i = 0; i < all; i++) {
    uint32_t j = below(i + 1);
    keys[i] = keys[j];
    keys[j] = i + 1;
  }
  return keys;
}

/* The first n become those of the right table, shuffled anew: a match is not where its key is on the left. */
static void make_right(uint32_t *keys, uint32_t n) {
  memcpy(keys + n - n / 10, keys + n, n / 10 * sizeof *keys);
  for (uint32_t i = n; i > 1; i--) {
    uint32_t j = below(i), last = keys[i - 1];
    keys[i - 1] = keys[j];
    keys[j] = last;
  }
}

/* Keys as numbers, the same keys as texts, and a value. The last key is in the table once, the others are drawn. */
static void join_table(uint32_t rows, bool left, int columns) {
  const uint32_t counts[] = {rows < 1000000 ? 1 : rows / 1000000, rows / 1000 + 1, rows};
  uint32_t *keys[3], ids[3];
  for (int i = 0; i < 3; i++) keys[i] = shuffled_keys(counts[i]);
  if (!left) {
    state = 109; /* or the values of the left table come again */
    for (int i = 0; i < 3; i++) make_right(keys[i], counts[i]);
  }
  for (int i = 0; i < columns; i++) text("id"), number(i + 1, 1), end(',');
  for (int i = 0; i < columns; i++) text("id"), number(i + 4, 1), end(',');
  text(left ? "v1\n" : "v2\n");
  for (uint32_t row = 0; row < counts[columns - 1]; row++) {
    for (int i = 0; i < columns; i++) ids[i] = keys[i][i + 1 < columns ? below(counts[i]) : row];
    for (int i = 0; i < columns; i++) number(ids[i], 1), end(',');
    for (int i = 0; i < columns; i++) text("id"), number(ids[i], 1), end(',');
    decimal(below(100000001)), end('\n');
  }
  for (int i = 0; i < 3; i++) free(keys[i]);
}

/* How many columns of keys a right table has, or 0. */
static int columns_of(const char *size) {
  return strcmp(size, "small") == 0 ? 1 : strcmp(size, "medium") == 0 ? 2 : strcmp(size, "big") == 0 ? 3 : 0;
}

/* ---- Student records ---- */

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

static const char *const years[] = {"2018/19", "2019/20", "2020/21", "2021/22", "2022/23", "2023/24"};

static const char *const levels[] = {"First degree", "Postgraduate (taught)", "Other undergraduate",
                                     "Postgraduate (research)", "Foundation degree"};
static double level_weights[] = {0.62, 0.25, 0.06, 0.04, 0.03};

/* The four countries of the United Kingdom come first, then the others, the commonest first. */
static const char *const domiciles[] = {
  "England", "Scotland", "Wales", "Northern Ireland",
  "China", "India", "Nigeria", "United States", "Pakistan", "Hong Kong (Special Administrative Region of China)",
  "Malaysia", "Bangladesh", "France", "Germany", "Italy", "Ireland", "Spain", "Saudi Arabia", "Greece", "Singapore",
  "United Arab Emirates", "Canada", "Kuwait", "Nepal", "Sri Lanka", "Cyprus", "Romania", "Poland", "Portugal",
  "Korea, Republic of", "Thailand", "Türkiye", "Bulgaria", "Ghana", "Kenya", "Taiwan, Province of China", "Norway",
  "Netherlands", "Belgium", "Switzerland", "Sweden", "Egypt", "Indonesia", "Vietnam", "Japan", "Qatar", "Hungary",
  "Lithuania", "Czechia", "Mexico", "Brazil", "Russia", "Jersey", "Guernsey", "Isle of Man", "Denmark", "Finland",
  "Austria", "Latvia", "Estonia", "Slovakia", "Slovenia", "Croatia", "Malta", "Luxembourg", "Ukraine", "Kazakhstan",
  "Azerbaijan", "Georgia", "Armenia", "Belarus", "Moldova, Republic of", "Serbia", "Montenegro",
  "Bosnia and Herzegovina", "North Macedonia", "Albania", "Kosovo", "Iceland", "Israel", "Palestine, State of",
  "Jordan", "Lebanon", "Syria", "Iraq", "Iran, Islamic Republic of", "Oman", "Bahrain", "Yemen", "Afghanistan",
  "Uzbekistan", "Turkmenistan", "Tajikistan", "Kyrgyzstan", "Mongolia", "Myanmar", "Cambodia", "Laos", "Philippines",
  "Brunei Darussalam", "Timor-Leste", "Papua New Guinea", "Fiji", "Solomon Islands", "Vanuatu", "Samoa", "Tonga",
  "Kiribati", "Tuvalu", "Nauru", "Palau", "Marshall Islands", "Micronesia, Federated States of", "Australia",
  "New Zealand", "South Africa", "Zimbabwe", "Zambia", "Botswana", "Namibia", "Lesotho", "Eswatini", "Mozambique",
  "Malawi", "Tanzania, United Republic of", "Uganda", "Rwanda", "Burundi", "Congo, Democratic Republic of the",
  "Congo", "Gabon", "Equatorial Guinea", "Cameroon", "Central African Republic", "Chad", "Sudan", "South Sudan",
  "Ethiopia", "Eritrea", "Djibouti", "Somalia", "Libya", "Tunisia", "Algeria", "Morocco", "Western Sahara",
  "Mauritania", "Mali", "Niger", "Burkina Faso", "Senegal", "Gambia", "Guinea", "Guinea-Bissau", "Sierra Leone",
  "Liberia", "Côte d'Ivoire", "Togo", "Benin", "Cabo Verde", "São Tomé and Príncipe", "Angola", "Madagascar",
  "Mauritius", "Seychelles", "Comoros", "Mayotte", "Réunion", "Argentina", "Chile", "Uruguay", "Paraguay",
  "Bolivia, Plurinational State of", "Peru", "Ecuador", "Colombia", "Venezuela, Bolivarian Republic of", "Guyana",
  "Suriname", "French Guiana", "Panama", "Costa Rica", "Nicaragua", "Honduras", "El Salvador", "Guatemala", "Belize",
  "Cuba", "Jamaica", "Haiti", "Dominican Republic", "Puerto Rico", "Bahamas", "Barbados", "Trinidad and Tobago",
  "Saint Lucia", "Grenada", "Saint Vincent and the Grenadines", "Antigua and Barbuda", "Dominica",
  "Saint Kitts and Nevis", "Bermuda", "Cayman Islands", "Curaçao", "Aruba",
};
static double domicile_weights[COUNT(domiciles)];

/* %s: the town. Names are always quoted, so quotes inside are doubled here. */
static const char *const forms[] = {
  "University of %s, The", "%s Metropolitan University", "Royal College of Music, Drama and Dance, %s", "%s College",
  "The University of West %s", "Institute of Health, Science and Technology (%s)", "Saint Aldate's University, %s",
  "The \"\"New\"\" College of Arts, Letters and Design, %s",
};
static const char *const towns[] = {
  "Ashcombe", "Brackwater", "Castlemere", "Dunhollow", "Eastmarch", "Fenwick Green", "Glanmorfa", "Hartsbridge",
  "Inverdour", "Kelham Moor", "Langstrand", "Milbourne Vale", "Northwold", "Oakhampstead", "Port Ellis", "Quarrydene",
  "Roxley", "Strathavon", "Tarn Hows", "Ullerby", "Westering", "Yewdale",
};

enum { PROVIDERS = 172, SUBJECTS = 167 };
static char providers[PROVIDERS][96];
static uint32_t provider_numbers[PROVIDERS];
static double provider_weights[PROVIDERS];
static char subjects[SUBJECTS][16];
static double subject_weights[SUBJECTS];

static void prepare_students(void) {
  for (int i = 0; i < PROVIDERS; i++) {
    /* Seven of the forms are common; the one with quotes belongs to one provider. */
    const char *form = forms[i == 77 ? 7 : i / COUNT(towns) % 7];
    const char *hole = strstr(form, "%s");
    snprintf(providers[i], sizeof providers[i], "\"%.*s%s%s\"", (int)(hole - form), form, towns[i % COUNT(towns)],
             hole + 2);
    provider_numbers[i] = 10000000 + (uint32_t)i * 53 + below(40);
    provider_weights[i] = pow(1 + i * 37 % PROVIDERS, -0.6);
  }
  for (int i = 0; i < SUBJECTS; i++) {
    snprintf(subjects[i], sizeof subjects[i], "CAH%02d-%02d-%02d", 1 + i / 8, 1 + i / 3 % 3, 1 + i % 8);
    subject_weights[i] = pow(1 + i * 29 % SUBJECTS, -0.8);
  }
  static const double home[] = {0.58, 0.08, 0.04, 0.02};
  double foreign = 0;
  for (int i = 4; i < COUNT(domiciles); i++) foreign += domicile_weights[i] = pow(i - 3, -1.1);
  for (int i = 4; i < COUNT(domiciles); i++) domicile_weights[i] *= 0.28 / foreign;
  memcpy(domicile_weights, home, sizeof home);

  accumulate(level_weights, COUNT(levels));
  accumulate(domicile_weights, COUNT(domiciles));
  accumulate(provider_weights, PROVIDERS);
  accumulate(subject_weights, SUBJECTS);
}

static bool often(double share) {
  return uniform() < share;
}

static void quoted_where_needed(const char *value) {
  bool needed = strchr(value, ',') != NULL;
  if (needed) byte('"');
  text(value);
  if (needed) byte('"');
}

static uint32_t age(bool first_degree) {
  double years_more = -log(1 - uniform()) * (first_degree ? 4 : 9);
  uint32_t years_old = (first_degree ? 18 : 21) + (uint32_t)years_more;
  return years_old > 85 ? 85 : years_old;
}

/* Full-person equivalent. */
static uint32_t fpe_millionths(void) {
  double kind = uniform();
  if (kind < 0.70) return 1000000;
  if (kind < 0.80) return 500000;
  if (kind < 0.84) return 333000;
  return 1000 * (1 + below(999));
}

static uint32_t fee(bool home, bool first_degree) {
  if (home) return first_degree ? 9250 : 1000 + 50 * below(300);
  return 9000 + 50 * below(560);
}

static void student_records(uint64_t rows) {
  prepare_students();
  text("acyear,ukprn,provider,level,mode,domicile,subject,sex,age,fpe,fee,entry_tariff\n");
  for (uint64_t row = 0; row < rows; row++) {
    int provider = pick(provider_weights, PROVIDERS);
    int level = pick(level_weights, COUNT(levels));
    int domicile = pick(domicile_weights, COUNT(domiciles));
    int subject = pick(subject_weights, SUBJECTS);
    bool home = domicile < 4, first_degree = level == 0;

    text(years[below(COUNT(years))]), end(',');
    number(provider_numbers[provider], 1), end(',');
    text(providers[provider]), end(',');
    text(levels[level]), end(',');
    text(often(0.78) ? "Full-time" : "Part-time"), end(',');
    if (often(0.995)) quoted_where_needed(domiciles[domicile]);
    end(',');
    if (often(0.99)) text(subjects[subject]);
    end(',');
    byte(often(0.565) ? 'F' : often(0.99) ? 'M' : 'X'), end(',');
    if (often(0.995)) number(age(first_degree), 1);
    end(',');
    decimal(fpe_millionths()), end(',');
    if (often(0.95)) number(fee(home, first_degree), 1);
    end(',');
    if (often(0.55)) number(8 * (4 + below(18)), 1);
    end('\n');
  }
}

int main(int count, char **arguments) {
  const char *what = count > 2 ? arguments[1] : "";
  uint64_t rows = count > 2 ? (uint64_t)atof(arguments[2]) : 0; /* atof: 1e7 is understood */
  if (strcmp(what, "g1") == 0 && count == 5) group_table(rows, (uint32_t)atof(arguments[3]), (uint32_t)atoi(arguments[4]));
  else if (strcmp(what, "j1") == 0 && count == 3) join_table((uint32_t)rows, true, 3);
  else if (strcmp(what, "j1") == 0 && count == 4 && columns_of(arguments[3]) > 0)
    join_table((uint32_t)rows, false, columns_of(arguments[3]));
  else if (strcmp(what, "students") == 0 && count == 3) student_records(rows);
  else {
    fputs("usage: generate g1 ROWS GROUPS MISSING | j1 ROWS [small|medium|big] | students ROWS\n", stderr);
    return 2;
  }
  flush();
  return 0;
}
