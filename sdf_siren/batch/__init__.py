"""Many runs: which files, what stands of them, who performs them, and the summary."""
