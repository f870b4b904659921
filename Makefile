# One command each; every target sets up what it needs by itself. `make help` lists them.
BIN := .venv/bin
.DEFAULT_GOAL := help
.PHONY: help setup check format demo demo-year search test up kafka-up kafka-down bench eval-coding faults lock contracts clean

help: ## 列出目标 list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sort | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: ## 安装 create .venv with everything; the command is then .venv/bin/jicai
	@sh scripts/setup.sh

demo: setup ## 演示 the main job on real public data, embedded, under a minute
	@$(BIN)/jicai demo $(ARGS)

demo-year: setup ## 模拟年 a simulated year of three provinces, reconciled to the fen
	@$(BIN)/jicai demo-year $(ARGS)

test: setup ## 全部测试 all tests, with real Kafka and PostgreSQL wherever they can be had
	@$(BIN)/python -m pytest -n $${JICAI_TEST_WORKERS:-2} -m "not faults" $(ARGS)

search: setup ## 性质探索 the property tests, with other examples each time
	@JICAI_TEST_SEARCH=1 $(BIN)/python -m pytest -n $${JICAI_TEST_WORKERS:-2} -q -m "not faults and not kafka" $(ARGS)

check: setup ## 静态检查 lint, types, import directions, generated contracts
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache | tail -n 3
	@$(BIN)/python -m gateway.ops.contracts --check
	@$(BIN)/jicai policies lint > /dev/null || $(BIN)/jicai policies lint

format: setup ## 排版 format the code
	@$(BIN)/ruff check --fix -q . || true
	@$(BIN)/ruff format -q .

up: setup ## 启动 the whole gateway in one process (embedded default)
	@$(BIN)/jicai up $(ARGS)

kafka-up: setup ## 启动本机 Kafka (KRaft; jars through Maven into .cache)
	@$(BIN)/python -m gateway.bus.local_kafka up

kafka-down: setup ## 停止本机 Kafka
	@$(BIN)/python -m gateway.bus.local_kafka down

faults: setup ## 故障注入 slow: processes killed, brokers restarted
	@$(BIN)/python -m pytest -n 1 -m faults --timeout 600 $(ARGS)

bench: setup ## 基准 P1 and P4, both journals, with the limits beside them
	@$(BIN)/python -m benchmarks.all $(ARGS)

eval-coding: setup ## 候选实测 recall and false exact matches of code candidates on real tables
	@$(BIN)/python -m benchmarks.eval_coding $(ARGS)

contracts: setup ## 重新生成契约 regenerate contracts/
	@$(BIN)/python -m gateway.ops.contracts

lock: ## 重新锁定依赖 (needs uv; writes requirements.lock with hashes, without addresses)
	@uv pip compile pyproject.toml --all-extras --generate-hashes --no-emit-index-url --python-version 3.11 -o requirements.lock -q

clean: ## 清理 remove what the targets made (not var/)
	@rm -rf .venv .cache .pytest_cache .mypy_cache .ruff_cache .hypothesis
