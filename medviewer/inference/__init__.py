"""Networks: bundles, what fits what, running, explaining. The only home of torch."""
