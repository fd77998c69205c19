"""Chunks over threads: every index once, errors come out, torch's setting is left alone."""

import pytest
import torch

from sdf_siren.fields.threads import branches, drain, processors, single_threaded


@pytest.mark.parametrize("workers", [1, 2, 5])
@pytest.mark.parametrize("tasks", [0, 1, 3, 100])
def test_every_index_is_worked_on_once(tasks, workers):
    done: list[int] = []
    drain(tasks, lambda worker, index: done.append(index), list(range(workers)))
    assert sorted(done) == list(range(tasks))


@pytest.mark.parametrize("workers", [1, 3])
def test_an_error_comes_out(workers):
    def work(worker, index):
        if index == 5:
            raise ZeroDivisionError(str(index))

    with pytest.raises(ZeroDivisionError, match="5"):
        drain(20, work, list(range(workers)))


def test_torch_setting_is_restored():
    before = torch.get_num_threads()
    seen = []
    drain(4, lambda worker, index: seen.append(torch.get_num_threads()), [0, 1])
    assert seen == [1, 1, 1, 1]
    assert torch.get_num_threads() == before
    with single_threaded():
        assert torch.get_num_threads() == 1
        assert processors() == before
        with single_threaded():
            assert processors() == before
    assert torch.get_num_threads() == processors() == before


@pytest.mark.parametrize("kind", ["cpu", "meta"])
def test_branches_do_all_work_where_there_is_nothing_to_branch(kind):
    done = []
    with branches(torch.device(kind), 3) as each:
        for number, branch in enumerate(each):
            with branch:
                done.append(number)
    assert done == [0, 1, 2]
