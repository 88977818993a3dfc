package awscli

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestLive gives the real AWS CLI and cogpass the same random arguments. It
// runs where COGPASS_AWS names an aws program, of version 2.9, such as
// Debian's. COGPASS_SEED repeats a run, COGPASS_LIVE_CASES sets its length.
func TestLive(t *testing.T) {
	aws := os.Getenv("COGPASS_AWS")
	if aws == "" {
		t.Skip("the live comparison with the AWS CLI is skipped: COGPASS_AWS names no aws program")
	}
	seed, err := strconv.ParseUint(cmp.Or(os.Getenv("COGPASS_SEED"), strconv.FormatInt(time.Now().Unix(), 10)), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(cmp.Or(os.Getenv("COGPASS_LIVE_CASES"), "210"))
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("comparing %d random command lines with %s: COGPASS_SEED=%d repeats them\n", n, aws, seed)
	g := generator{rand.New(rand.NewPCG(seed, 0))}
	cases := make(chan oneCase)
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			for c := range cases {
				c.compare(t, aws)
			}
		})
	}
	for i := range n {
		c := g.next(i)
		c.Server = "ok"
		cases <- c
	}
	close(cases)
	wg.Wait()
}

func (c oneCase) compare(t *testing.T, aws string) {
	want := c.with(t, []string{aws}, c.Args)
	got := c.run(t, c.Args)
	document := c.Args[len(c.Args)-1]
	switch {
	case got.Exit == want.Exit && got.Stdout == want.Stdout && got.Requests == want.Requests && reflect.DeepEqual(got.Request, want.Request):
	case got.Exit >= exitUsage && got.Requests == 0 && (want.Requests == 0 || refusedHere.MatchString(document)):
	default:
		t.Errorf("args %q\n cogpass: exit %d, stdout %q, requests %d, %+v\n %s\n aws: exit %d, stdout %q, requests %d, %+v\n %s",
			c.Args, got.Exit, got.Stdout, got.Requests, got.Request, got.Stderr, want.Exit, want.Stdout, want.Requests, want.Request, want.Stderr)
	}
}

type generator struct{ *rand.Rand }

func (g generator) pick(from ...string) string { return from[g.IntN(len(from))] }

func (g generator) next(i int) oneCase {
	reset := []string{service, "admin-reset-user-password", "--endpoint-url", "@ENDPOINT@"}
	set := []string{service, "admin-set-user-password", "--endpoint-url", "@ENDPOINT@"}
	switch i % 3 {
	case 0:
		return oneCase{Args: append(reset, "--user-pool-id", "p_1", "--username", "u", "--client-metadata", g.mutated(g.shorthand(), 0.3))}
	case 1:
		if g.IntN(2) == 0 {
			return oneCase{Args: append(reset, "--cli-input-json", g.mutated(g.resetJSON(), 0.3))}
		}
		return oneCase{Args: append(set, "--cli-input-json", g.mutated(g.setJSON(), 0.3))}
	}
	if g.IntN(3) == 0 {
		return oneCase{Args: append(reset, "--cli-input-yaml", g.mutated(g.resetYAML(), 0.2))}
	}
	return oneCase{Args: append(set, "--cli-input-yaml", g.mutated(g.setYAML(), 0.2))}
}

// mutated changes a character of a text now and then.
func (g generator) mutated(text string, chance float64) string {
	if text == "" || g.Float64() > chance {
		return text
	}
	runes := []rune(text)
	i := g.IntN(len(runes))
	switch g.IntN(3) {
	case 0:
		runes = append(runes[:i:i], runes[i+1:]...)
	case 1:
		runes[i] = []rune(`'"\,=[]{} :#a0`)[g.IntN(14)]
	default:
		runes = append(runes[:i:i], append([]rune(g.pick("'", `"`, `\`, ",", "=", "[", "]", "{", "}", " ")), runes[i:]...)...)
	}
	return string(runes)
}

func (g generator) shorthand() string {
	var parts []string
	for i := range 1 + g.IntN(3) {
		key := g.pick("k", "key-2", "a.b", "a_b", "c:d", "", "x#y") + strconv.Itoa(i)
		parts = append(parts, key+g.pick("=", "=", "=", " = ", "= ")+g.shorthandValue(2))
	}
	return strings.Join(parts, g.pick(",", ",", ", ", " ,"))
}

func (g generator) shorthandValue(depth int) string {
	switch n := g.IntN(10); {
	case n < 4:
		return g.pick("v", "a b", "1", "true", "", `a\,b`, "https://x/?y=z", "zoë", "日本", "a]b", "a{b", `x\`, "null", "file://x")
	case n < 6:
		return g.pick(`"a,b"`, `"say \"hi\""`, `""`, `"a\\b"`, `"=,[]{}"`, `"🙂"`)
	case n < 8:
		return g.pick(`'a,b'`, `'it\'s'`, `''`, `'a\\'`, `'"'`, `'a\nb'`)
	case depth == 0:
		return "end"
	case n == 8:
		return "[" + g.shorthandValue(depth-1) + g.pick(",", ", ") + g.shorthandValue(depth-1) + g.pick("]", "]", "]", ",]")
	}
	return "{k=" + g.shorthandValue(depth-1) + g.pick("}", "}", ",j="+g.shorthandValue(depth-1)+"}")
}

func (g generator) jsonText() string {
	data, _ := json.Marshal(g.pick("x", "zoë", "a\"b", "tab\there", "🙂", "", " sp ", "a/b", "Pass w0rd!"))
	return g.pick(string(data), string(data), `"\u00e9"`, `"\ud83d\ude42"`, `"a\/b"`)
}

func (g generator) jsonValue() string {
	if g.IntN(8) > 0 {
		return g.jsonText()
	}
	return g.pick("1", "-0.5", "1e3", "true", "false", "null", "NaN", "Infinity", "[]", `["a"]`, "{}", `{"a":1}`, "01", "tru", "'x'")
}

func (g generator) document(members [][2]string) string {
	g.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
	var parts []string
	for _, m := range members {
		if g.IntN(20) > 0 {
			parts = append(parts, strconv.Quote(m[0])+g.pick(":", ": ", " :\n")+m[1])
		}
	}
	return g.pick("{", "{ ", "\n{") + strings.Join(parts, g.pick(",", ", ", ",\n\t")) + g.pick("}", "}", "}\n", ",}")
}

func (g generator) setJSON() string {
	return g.document([][2]string{
		{"UserPoolId", g.jsonValue()}, {"Username", g.jsonValue()}, {g.pick("Password", "Password", "Password", "password"), g.jsonValue()},
		{"Permanent", g.pick("true", "false", "true", "null", `"true"`, "1")},
	})
}

func (g generator) resetJSON() string {
	metadata := fmt.Sprintf(`{"a":%s,%s:%s}`, g.jsonValue(), g.jsonText(), g.jsonValue())
	return g.document([][2]string{
		{"UserPoolId", g.jsonValue()}, {"Username", g.jsonValue()}, {"ClientMetadata", g.pick(metadata, metadata, "{}", "[]", `"x"`)},
	})
}

func (g generator) yamlScalar() string {
	if g.IntN(3) > 0 {
		return g.pick("x", "zoë", "a b", "a#b", "it's", `"a\tb"`, `'it''s'`, `"\u00e9"`, "Pass-w0rd!", "a:b", "no", "yes", "on", "0o8", "1.2.3", "x: y", "~x", "🙂", "|\n    block\n    text", ">-\n    folded\n    text")
	}
	return g.pick("1", "0123", "0x1F", "1_000", "1.5", "1e3", ".5", "true", "False", "null", "~", "", "2024-01-01", "2024-01-01 10:00:00", "!!str 5", "!!int '5'", "[a, b]", "{a: b}", "=", "<<", "-", "- a", "*x", "@x", "%x", "&a b", ".inf", ".nan", "1:30", "+1", "0b1", "12e", "0o17", "!x y")
}

func (g generator) setYAML() string {
	return g.lines(
		"UserPoolId: "+g.pick("us-east-1_abc", g.yamlScalar()), "Username: "+g.yamlScalar(), "Password: "+g.yamlScalar(),
		g.pick("", "Permanent: "+g.pick("true", "false", "True", "yes", "no", "on", "1", "'true'", "null")),
	)
}

func (g generator) resetYAML() string {
	metadata := "ClientMetadata:\n  a: " + strings.ReplaceAll(g.yamlScalar(), "\n", "\n  ") + "\n  " + g.pick("b", "'c d'", "\"e\"", "5", "true", "? f\n  ") + ": " + g.pick("x", "y z", "1", "'2'")
	return g.lines("UserPoolId: p_1", "Username: "+g.yamlScalar(), g.pick(metadata, metadata, "ClientMetadata: {a: b, c: "+g.pick("d", "1", "'1'")+"}", "ClientMetadata:"))
}

func (g generator) lines(lines ...string) string {
	g.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
	return g.pick("", "", "", "---\n", "# comment\n", "%YAML 1.1\n---\n") + strings.Join(lines, g.pick("\n", "\n", "\n", " # why\n")) + g.pick("", "\n", "\n...\n")
}
