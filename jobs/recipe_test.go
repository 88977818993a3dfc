package jobs_test

import (
	"testing"

	"pgregory.net/rapid"

	"cogpass/jobs"
)

func TestRecipeText(t *testing.T) {
	for _, tt := range []struct {
		recipe jobs.Recipe
		want   string
	}{
		{jobs.Recipe{}, "symbols=safe"},
		{jobs.Recipe{Length: 12, Symbols: jobs.NoSymbols}, "symbols=none length=12"},
		{jobs.Recipe{Words: 6, Symbols: jobs.AnySymbols}, "symbols=any words=6"},
		{jobs.Recipe{Exclude: "b=a b=é\x00"}, "symbols=safe exclude==ab"},
	} {
		if got := tt.recipe.String(); got != tt.want {
			t.Errorf("%+v: got %q, want %q", tt.recipe, got, tt.want)
		}
	}
	for _, bad := range []string{"", "symbols", "symbols=", "symbols=safe ", "symbols=safe length=07", "length=8 symbols=safe", "symbols=safe x=1",
		"symbols=safe exclude=ba", "symbols=safe symbols=none"} {
		if got, err := jobs.ParseRecipe(bad); err == nil {
			t.Errorf("%q: got %+v", bad, got)
		}
	}
}

func TestRecipeRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := drawRecipe(t).String()
		if again, err := jobs.ParseRecipe(text); err != nil || again.String() != text {
			t.Fatalf("%q: got %q, %v", text, again, err)
		}
	})
}
